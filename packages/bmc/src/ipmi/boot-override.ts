// The boot override by IPMI: boot option parameter 5, written in the order that firmware of many makers accepts.
import type { BootDevice, BootOverride, FirmwareMode } from '@rackwright/domain/bmc.ts';
import { BOOT_SELECTOR, type BootFlags, bootFlags } from '@rackwright/protocols/ipmi/boot-flags.ts';
import { getSystemBootOptions } from '@rackwright/protocols/ipmi/get-system-boot-options.ts';
import { BOOT_PARAMETER, setSystemBootOptions } from '@rackwright/protocols/ipmi/set-system-boot-options.ts';
import { type Patience, poll } from './clock.ts';
import { protocolError, unverified } from './faults.ts';
import type { IpmiLine } from './line.ts';

const SET_IN_PROGRESS = Uint8Array.of(1);
const COMMIT_WRITE = Uint8Array.of(2);
const SET_COMPLETE = Uint8Array.of(0);
/** Whom the last boot's note was for: nobody is to act on it any more (mask and value of the BIOS). */
const FORGET_ACKNOWLEDGE = Uint8Array.of(1, 1);
/** Keep the flags even if no reset follows within 60 s: between our writing and the reset lies a power-off of minutes. */
const KEEP_AFTER_TIMEOUT = Uint8Array.of(0x08);

/** A device that Rackwright never asks for (CD, firmware setup, a vendor's) reads as `none`: none of ours. */
export async function readBootOverride(line: IpmiLine): Promise<BootOverride> {
  return overrideIn(await readFlags(line));
}

/** Answers what the BMC then holds. `mode` may come back `unknown` from BMCs that keep only the device. */
export async function bootOnce(
  line: IpmiLine,
  device: BootDevice,
  mode: FirmwareMode,
  patience: Patience,
): Promise<BootOverride> {
  const wanted: BootFlags = { valid: true, persistent: false, uefi: mode === 'uefi', selector: BOOT_SELECTOR[device] };
  const before = await readFlags(line);
  if (device === 'none' ? isClear(before) : sameFlags(before, wanted)) return overrideIn(before);

  const doing = `set one-time ${device} boot on ${line.name}`;
  const tell = (parameter: number, value: Uint8Array) =>
    line.ask(doing, setSystemBootOptions, { parameter, markInvalid: false, value });
  // Refusals of the parameters around number 5 are common and mean nothing.
  await tell(BOOT_PARAMETER.setInProgress, SET_IN_PROGRESS);
  await tell(BOOT_PARAMETER.acknowledge, FORGET_ACKNOWLEDGE);
  await tell(BOOT_PARAMETER.clearControl, KEEP_AFTER_TIMEOUT);
  const value = bootFlags.encode(wanted);
  await line.need(doing, setSystemBootOptions, { parameter: BOOT_PARAMETER.flags, markInvalid: false, value });
  await tell(BOOT_PARAMETER.setInProgress, COMMIT_WRITE);
  await tell(BOOT_PARAMETER.setInProgress, SET_COMPLETE);

  const after = await poll(line.clock, patience, async () => {
    const flags = await readFlags(line);
    return (device === 'none' ? isClear(flags) : flags.selector === wanted.selector) ? flags : undefined;
  });
  if (!after) throw unverified(doing, 'the BMC does not report the boot device it accepted');
  return reached(after, wanted);
}

async function readFlags(line: IpmiLine): Promise<BootFlags> {
  const doing = `read the boot override of ${line.name}`;
  const option = await line.need(doing, getSystemBootOptions, { parameter: BOOT_PARAMETER.flags, set: 0, block: 0 });
  const flags = bootFlags.decode(option.value);
  if (!flags.ok) throw protocolError(doing, `the boot flags cannot be read: ${flags.fault}`);
  return flags.value;
}

function isClear(flags: BootFlags): boolean {
  return !flags.valid || flags.selector === BOOT_SELECTOR.none;
}

function sameFlags(a: BootFlags, b: BootFlags): boolean {
  return a.valid === b.valid && a.persistent === b.persistent && a.uefi === b.uefi && a.selector === b.selector;
}

function overrideIn(flags: BootFlags): BootOverride {
  const device = deviceOf(flags.selector);
  if (!flags.valid || device === 'none') return { device: 'none', once: true, mode: 'unknown' };
  return { device, once: !flags.persistent, mode: flags.uefi ? 'uefi' : 'bios' };
}

/** Just written and read back: some BMCs answer the selector without the valid bit, and have then dropped the mode too. */
function reached(after: BootFlags, wanted: BootFlags): BootOverride {
  if (after.valid || wanted.selector === BOOT_SELECTOR.none) return overrideIn(after);
  return { device: deviceOf(after.selector), once: !after.persistent, mode: 'unknown' };
}

function deviceOf(selector: number): BootDevice {
  switch (selector) {
    case BOOT_SELECTOR.network:
      return 'network';
    case BOOT_SELECTOR.disk:
      return 'disk';
    default:
      return 'none';
  }
}

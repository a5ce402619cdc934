// Power, light and boot options of the simulated BMC (IPMI 2.0 chapter 28).
import type { PowerState } from '@rackwright/domain/bmc.ts';
import { BOOT_SELECTOR, bootFlags } from '@rackwright/protocols/ipmi/boot-flags.ts';
import { type ChassisControl, chassisControl } from '@rackwright/protocols/ipmi/chassis-control.ts';
import { chassisIdentify } from '@rackwright/protocols/ipmi/chassis-identify.ts';
import { COMPLETION } from '@rackwright/protocols/ipmi/constants.ts';
import { getChassisStatus } from '@rackwright/protocols/ipmi/get-chassis-status.ts';
import { getSystemBootOptions } from '@rackwright/protocols/ipmi/get-system-boot-options.ts';
import {
  BOOT_PARAMETER,
  PARAMETER_NOT_SUPPORTED,
  setSystemBootOptions,
} from '@rackwright/protocols/ipmi/set-system-boot-options.ts';
import { saidPower } from '../bmc-mood.ts';
import type { ChassisAction, ChassisBoot, ChassisBootDevice } from '../chassis.ts';
import { type Handler, handler, refuse } from './handler.ts';

const ACTIONS: Record<ChassisControl, ChassisAction> = {
  off: 'off',
  on: 'on',
  cycle: 'cycle',
  reset: 'reset',
  diagnostic_interrupt: 'nmi',
  soft: 'graceful_off',
};

const DEVICES: Record<ChassisBootDevice, number> = {
  none: BOOT_SELECTOR.none,
  network: BOOT_SELECTOR.network,
  // IPMI has no word of its own for booting by HTTP.
  http: BOOT_SELECTOR.network,
  disk: BOOT_SELECTOR.disk,
  cd: BOOT_SELECTOR.cd,
  firmware_setup: BOOT_SELECTOR.firmwareSetup,
};

const GOOD_POWER: ReadonlySet<PowerState> = new Set(['on', 'powering_off']);
const DEFAULT_IDENTIFY_SECONDS = 15;
const ALWAYS_OFF_AFTER_MAINS = 0;
const FAN_FAULT = 0x08;
const LONGEST_PARAMETER = 32;
const LAST_PARAMETER = 4;

export const CHASSIS_ANSWERS: Handler[] = [
  handler(getChassisStatus, (_request, { chassis }) => ({
    // Power stays good until the way down is done.
    powerOn: GOOD_POWER.has(saidPower(chassis)),
    powerFlags: ALWAYS_OFF_AFTER_MAINS,
    lastPowerEvent: 0,
    identify: chassis.led() ? 'on' : 'off',
    faultFlags: chassis.mood.health === 'critical' ? FAN_FAULT : 0,
  })),

  handler(chassisControl, ({ control }, { chassis }) => {
    return chassis.act(ACTIONS[control]) === 'refused' ? refuse(COMPLETION.wrongState) : {};
  }),

  handler(chassisIdentify, ({ seconds = DEFAULT_IDENTIFY_SECONDS, forceOn }, bmc) => {
    if (forceOn) bmc.chassis.setLed(true);
    else bmc.lightFor(seconds);
    return {};
  }),

  handler(setSystemBootOptions, ({ parameter, value }, { chassis, bootParameters }) => {
    if (parameter === BOOT_PARAMETER.flags) {
      const wanted = bootIn(value);
      if (!wanted) return refuse(COMPLETION.invalidField);
      chassis.setBootOverride(wanted);
      return {};
    }
    if (parameter > LAST_PARAMETER) return refuse(PARAMETER_NOT_SUPPORTED);
    if (value.length > LONGEST_PARAMETER) return refuse(COMPLETION.invalidLength);
    bootParameters.set(parameter, value);
    return {};
  }),

  handler(getSystemBootOptions, ({ parameter }, { chassis, bootParameters }) => {
    if (parameter > BOOT_PARAMETER.flags) return refuse(PARAMETER_NOT_SUPPORTED);
    const value =
      parameter === BOOT_PARAMETER.flags ? flagsOf(chassis.bootOverride()) : (bootParameters.get(parameter) ?? Uint8Array.of(0));
    return { version: 1, parameter, markedInvalid: false, value };
  }),
];

function bootIn(value: Uint8Array): ChassisBoot | undefined {
  const flags = bootFlags.decode(value);
  if (!flags.ok) return undefined;
  const { valid, persistent, uefi, selector } = flags.value;
  const device = (['none', 'network', 'disk', 'cd', 'firmware_setup'] as const).find((one) => DEVICES[one] === selector);
  if (!device) return undefined;
  return { device: valid ? device : 'none', once: !persistent, mode: uefi ? 'uefi' : 'bios' };
}

function flagsOf({ device, once, mode }: ChassisBoot): Uint8Array {
  if (device === 'none') return bootFlags.encode({ valid: false, persistent: false, uefi: false, selector: 0 });
  return bootFlags.encode({ valid: true, persistent: !once, uefi: mode === 'uefi', selector: DEVICES[device] });
}

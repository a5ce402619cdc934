// The identify light by IPMI.
import { chassisIdentify } from '@rackwright/protocols/ipmi/chassis-identify.ts';
import { COMPLETION } from '@rackwright/protocols/ipmi/constants.ts';
import { getChassisStatus } from '@rackwright/protocols/ipmi/get-chassis-status.ts';
import { type Patience, poll } from './clock.ts';
import { refusedCommand, unsupported, unverified } from './faults.ts';
import type { IpmiLine } from './line.ts';

/** The longest time an old BMC can be told, which does not know "until told otherwise". */
const LONGEST_SECONDS = 255;

/** Throws bmc_unsupported where the BMC cannot tell. */
export async function readIdentifyLed(line: IpmiLine): Promise<boolean> {
  const doing = `read the identify light of ${line.name}`;
  const lit = await litOrUnknown(line, doing);
  if (lit === undefined) throw unsupported(doing, 'the BMC does not report its identify light');
  return lit;
}

export async function setIdentifyLed(line: IpmiLine, lit: boolean, patience: Patience): Promise<void> {
  const doing = `turn the identify light of ${line.name} ${lit ? 'on' : 'off'}`;
  if ((await litOrUnknown(line, doing)) === lit) return;
  await tell(line, doing, lit);
  const verified = await poll(line.clock, patience, async () => {
    const now = await litOrUnknown(line, doing);
    // A BMC that cannot tell has agreed; no more is to be had.
    return now === undefined || now === lit ? true : undefined;
  });
  if (!verified) throw unverified(doing, 'the BMC reports the light as it was');
}

async function tell(line: IpmiLine, doing: string, lit: boolean): Promise<void> {
  if (!lit) {
    await line.need(doing, chassisIdentify, { seconds: 0 });
    return;
  }
  const told = await line.ask(doing, chassisIdentify, { seconds: 0, forceOn: true });
  if (told.ok) return;
  if (told.completion === COMPLETION.invalidCommand) throw refusedCommand(doing, chassisIdentify.name, told.completion);
  await line.need(doing, chassisIdentify, { seconds: LONGEST_SECONDS });
}

async function litOrUnknown(line: IpmiLine, doing: string): Promise<boolean | undefined> {
  const { identify } = await line.need(doing, getChassisStatus, {});
  return identify === 'unknown' ? undefined : identify !== 'off';
}

// Power by IPMI: read, decide, write, and look until the BMC reports what was wanted.
import type { BmcLook, PowerAction, PowerState } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { type ChassisControl, chassisControl } from '@rackwright/protocols/ipmi/chassis-control.ts';
import { COMPLETION } from '@rackwright/protocols/ipmi/constants.ts';
import { getChassisStatus } from '@rackwright/protocols/ipmi/get-chassis-status.ts';
import { type Patience, pause, poll } from './clock.ts';
import { refusedCommand, unverified } from './faults.ts';
import type { IpmiLine } from './line.ts';

export type PowerPatience = {
  /** How long on and off may take. */
  settle: Patience;
  /** How long an operating system may take to shut down. */
  graceful: Patience;
  /** Between off and on of a reboot: power supplies want to drain, and boards that did not come up otherwise. */
  restMs: number;
};

export const USUAL_POWER_PATIENCE: PowerPatience = {
  settle: { everyMs: 2_000, withinMs: 60_000 },
  graceful: { everyMs: 5_000, withinMs: 300_000 },
  restMs: 15_000,
};

/** IPMI knows no state in between. */
export async function readPower(line: IpmiLine): Promise<PowerState> {
  const status = await line.need(`read the power state of ${line.name}`, getChassisStatus, {});
  return status.powerOn ? 'on' : 'off';
}

const POWER_OVERLOAD_OR_FAULT = 0x02 | 0x08;
const DRIVE_OR_FAN_FAULT = 0x04 | 0x08;

/** Get Chassis Status holds the faults that the front panel shows (§28.2). The serial number would take a reading of the FRU. */
export async function look(line: IpmiLine): Promise<BmcLook> {
  const { powerOn, powerFlags, faultFlags } = await line.need(`look at ${line.name}`, getChassisStatus, {});
  const fault = (powerFlags & POWER_OVERLOAD_OR_FAULT) !== 0 || (faultFlags & DRIVE_OR_FAN_FAULT) !== 0;
  return { power: powerOn ? 'on' : 'off', health: fault ? 'critical' : 'ok', serial: '' };
}

export async function setPower(line: IpmiLine, action: PowerAction, patience: PowerPatience): Promise<void> {
  switch (action) {
    case 'on':
      return bringTo(line, 'on', 'on', patience.settle);
    case 'off':
      return bringTo(line, 'off', 'off', patience.settle);
    case 'graceful_off':
      return bringTo(line, 'off', 'soft', patience.graceful);
    case 'reboot':
      // Not Power Cycle: a status of "on" before and after it would prove nothing.
      if ((await readPower(line)) === 'on') {
        await bringTo(line, 'off', 'off', patience.settle);
        await pause(line.clock, patience.restMs);
      }
      return bringTo(line, 'on', 'on', patience.settle);
  }
}

async function bringTo(line: IpmiLine, wanted: 'on' | 'off', control: ChassisControl, patience: Patience): Promise<void> {
  if ((await readPower(line)) === wanted) return;
  const doing = `turn power ${control} at ${line.name}`;
  let outcome = await press(line, doing, control);
  const settled = await poll(line.clock, patience, async () => {
    if ((await readPower(line)) === wanted) return true;
    // Refused in the middle of another change: nothing happened, so asking again is safe.
    if (outcome === 'wrong_state') outcome = await press(line, doing, control);
    return undefined;
  });
  if (settled) return;
  if (outcome === 'wrong_state') throw refusedCommand(doing, chassisControl.name, COMPLETION.wrongState);
  throw unverified(doing, `power is not ${wanted} after ${patience.withinMs / 1_000} s`);
}

/** `unknown`: sent and never answered. It is not sent again: reading back tells whether it happened. */
async function press(line: IpmiLine, doing: string, control: ChassisControl): Promise<'done' | 'wrong_state' | 'unknown'> {
  try {
    const told = await line.ask(doing, chassisControl, { control });
    if (told.ok) return 'done';
    if (told.completion === COMPLETION.wrongState) return 'wrong_state';
    throw refusedCommand(doing, chassisControl.name, told.completion);
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'bmc_unreachable' && cause.effect === 'maybe') return 'unknown';
    throw cause;
  }
}

// What schedules can do, and what each is told. One line per task; the deeds stand in packages/workflows/src/schedule-tasks.
import type { DrainPolicy } from '../drain.ts';
import type { Retirement } from '../retirement.ts';
import type { ServerState } from '../server-lifecycle/table.ts';

export type TaskParams = {
  power_sweep: Record<never, never>;
  aged_states: { hours: number; hoursByState: Partial<Record<ServerState, number>> };
  firmware_drift: Record<never, never>;
  inspection: { notWithinHours: number; most: number; atOnce: number };
  repair_sweep: { act: 'report' | 'begin'; afterHours: number; most: number; atOnce: number };
  decommission: { outcome: Retirement; from: string | null; most: number; atOnce: number; drain: DrainPolicy | null };
  certificate_expiry: { withinDays: number };
  bmc_password_rotation: { olderThanDays: number; most: number; atOnce: number };
};
export type TaskName = keyof TaskParams;

type Task = {
  means: string;
  /** Unless the schedule says so. */
  limitMinutes: number;
  /** It takes servers out of use: an empty filter, which means all of them, is refused. */
  needsFilter: boolean;
};

export const TASKS = {
  power_sweep: { means: 'compares the power that BMCs report with what the state implies', limitMinutes: 60, needsFilter: false },
  aged_states: { means: 'lists servers that have been in a state for too long', limitMinutes: 15, needsFilter: false },
  firmware_drift: {
    means: 'compares BMC and BIOS versions with those of the hardware model',
    limitMinutes: 120,
    needsFilter: false,
  },
  inspection: {
    means: 'onboards available servers again; asks the BMCs of servers in service, without a boot',
    limitMinutes: 480,
    needsFilter: false,
  },
  repair_sweep: {
    means: 'lists servers that failed, or begins what the table allows next',
    limitMinutes: 1_440,
    needsFilter: true,
  },
  decommission: { means: 'releases, then retires', limitMinutes: 11_520, needsFilter: true },
  certificate_expiry: { means: 'lists certificates on file that expire soon', limitMinutes: 15, needsFilter: false },
  bmc_password_rotation: {
    means: 'gives BMC accounts new passwords, one proven step at a time',
    limitMinutes: 480,
    needsFilter: false,
  },
} as const satisfies Record<TaskName, Task>;

export const TASK_NAMES = Object.keys(TASKS) as [TaskName, ...TaskName[]];

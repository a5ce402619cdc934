// Which code each task runs; a task that is named and nobody wrote is a compile error here.
import type { TaskName } from '@rackwright/domain/schedules/tasks.ts';
import { agedStates } from './aged-states.ts';
import { certificateExpiry } from './certificate-expiry.ts';
import { decommission } from './decommission.ts';
import { firmwareDrift } from './firmware-drift.ts';
import { inspection } from './inspection.ts';
import { repairSweep } from './repair-sweep.ts';
import { bmcPasswordRotation } from './bmc-password-rotation.ts';
import { powerSweep } from './power-sweep.ts';
import type { ScheduleTask } from './task.ts';

const SCHEDULE_TASKS = {
  power_sweep: powerSweep,
  aged_states: agedStates,
  firmware_drift: firmwareDrift,
  inspection,
  repair_sweep: repairSweep,
  decommission,
  certificate_expiry: certificateExpiry,
  bmc_password_rotation: bmcPasswordRotation,
} satisfies { [Name in TaskName]: ScheduleTask<Name> };

/** The parameters were checked by the API against the schema of this very task. */
export const scheduleTask = (name: TaskName): ScheduleTask => (SCHEDULE_TASKS as unknown as Record<TaskName, ScheduleTask>)[name];

// What each scheduled task is told, with what it takes when it is not told.
import { RETIREMENTS } from '@rackwright/domain/retirement.ts';
import { TASK_NAMES, type TaskName, type TaskParams } from '@rackwright/domain/schedules/tasks.ts';
import { STATES, type ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { z } from 'zod';
import { drainPolicy } from './operation.ts';

const YEAR_HOURS = 8_784;
const most = (usual: number) =>
  z.int().min(1).max(1_000).default(usual).meta({ description: 'A run takes so many; the others are listed as over_the_limit.' });
const atOnce = z.int().min(1).max(100).default(4).meta({ description: 'So many may be under way at once.' });
const hours = z.int().min(0).max(YEAR_HOURS);
const stateNames = Object.keys(STATES) as [ServerState, ...ServerState[]];

/** With the defaults filled in. */
export const TASK_PARAMS = {
  power_sweep: z.strictObject({}),
  aged_states: z.strictObject({
    hours: hours.default(24),
    hoursByState: z.partialRecord(z.enum(stateNames), hours).default({}),
  }),
  firmware_drift: z.strictObject({}),
  inspection: z.strictObject({
    notWithinHours: hours.default(24).meta({ description: 'Servers counted less long ago are left alone.' }),
    most: most(50),
    atOnce,
  }),
  repair_sweep: z.strictObject({
    act: z.enum(['report', 'begin']).default('report'),
    afterHours: hours.default(1).meta({ description: 'A person who works on it right now has so long.' }),
    most: most(10),
    atOnce,
  }),
  decommission: z.strictObject({
    outcome: z.enum(RETIREMENTS),
    from: z.iso
      .date()
      .nullable()
      .default(null)
      .meta({ description: 'Nothing is begun before this day, in the schedule’s time zone.' }),
    most: most(5),
    atOnce,
    drain: drainPolicy.nullable().default(null),
  }),
  certificate_expiry: z.strictObject({ withinDays: z.int().min(1).max(3_650).default(30) }),
  bmc_password_rotation: z.strictObject({
    olderThanDays: z
      .int()
      .min(0)
      .max(3_650)
      .default(30)
      .meta({ description: 'Passwords that a rotation set less long ago stay.' }),
    most: most(50),
    atOnce,
  }),
} satisfies { [Name in TaskName]: z.ZodType<TaskParams[Name]> };

export const taskName = z.enum(TASK_NAMES);

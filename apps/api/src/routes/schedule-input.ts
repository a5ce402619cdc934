// Schedules as they are asked for, checked beyond their form: clocks that exist, windows that end, tasks that know their parameters.
import type { NewScheduleBody } from '@rackwright/api-contract/resources/schedule.ts';
import { TASK_PARAMS } from '@rackwright/api-contract/resources/schedule-tasks.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { type Blackout, LONGEST_BLACKOUT_MINUTES } from '@rackwright/domain/schedules/blackout.ts';
import { parseCron } from '@rackwright/domain/schedules/parse-cron.ts';
import { nextPlanned } from '@rackwright/domain/schedules/planned-times.ts';
import { TASKS } from '@rackwright/domain/schedules/tasks.ts';
import { type TimeZone, timeZoneOf } from '@rackwright/domain/schedules/time-zone.ts';
import { RequestInvalid } from '../http/request-invalid.ts';
import { fieldsOf } from '../http/validate.ts';
import type { NewSchedule } from '../schedule-needs.ts';
import { conditionsOf } from './server-conditions.ts';

/** Refusals `time_zone_unknown`, `cron_invalid`, `cron_never`, `blackout_invalid`, `schedule_needs_filter`; RequestInvalid. */
export function checkedSchedule(asked: NewScheduleBody, now: number): NewSchedule {
  const zone = timeZoneOf(asked.timeZone);
  if (!zone) throw new Refusal('time_zone_unknown', { timeZone: asked.timeZone });
  refuseUnusableCron(asked.cron, zone, now);
  for (const blackout of asked.blackouts) refuseUnusableBlackout(blackout, zone, now);
  conditionsOf(asked.filter, '/filter');
  const { limitMinutes, needsFilter } = TASKS[asked.task];
  if (needsFilter && asked.filter.trim() === '') throw new Refusal('schedule_needs_filter', { task: asked.task });
  return { ...asked, params: checkedParams(asked), limitMinutes: asked.limitMinutes ?? limitMinutes };
}

function checkedParams({ task, params }: Pick<NewScheduleBody, 'task' | 'params'>): Record<string, unknown> {
  const checked = TASK_PARAMS[task].safeParse(params);
  if (!checked.success) throw new RequestInvalid(fieldsOf(checked.error, '/params'));
  return checked.data;
}

function refuseUnusableCron(cron: string, zone: TimeZone, now: number): void {
  const parsed = parseCron(cron);
  if (!parsed.ok) throw new Refusal('cron_invalid', parsed.fault);
  if (nextPlanned(parsed.cron, zone, now) === undefined) throw new Refusal('cron_never', { cron });
}

function refuseUnusableBlackout(blackout: Blackout, zone: TimeZone, now: number): void {
  const refuse = (problem: string): never => {
    throw new Refusal('blackout_invalid', { reason: blackout.reason, problem });
  };
  if ('cron' in blackout) {
    const parsed = parseCron(blackout.cron);
    if (!parsed.ok) return refuse(`the ${parsed.fault.field} is wrong: ${parsed.fault.problem}`);
    if (nextPlanned(parsed.cron, zone, now) === undefined) refuse('it names no day');
    return;
  }
  const length = Date.parse(blackout.until) - Date.parse(blackout.from);
  if (length <= 0) refuse('it ends before it begins');
  if (length > LONGEST_BLACKOUT_MINUTES * 60_000) refuse('it is longer than a month; pause the schedule instead');
}

// A schedule: what is done again and again, when, with which servers; its runs, and what came of each server in them.
import { CRON_MAX_LENGTH } from '@rackwright/domain/schedules/parse-cron.ts';
import { LONGEST_BLACKOUT_MINUTES } from '@rackwright/domain/schedules/blackout.ts';
import { OVERLAPS } from '@rackwright/domain/schedules/decide-run.ts';
import { TASK_NAMES } from '@rackwright/domain/schedules/tasks.ts';
import { z } from 'zod';
import { idOf, instant, name, openEnum, reason, stamps } from '../fields.ts';
import { FILTER_MAX_LENGTH } from '../filter/parse-filter.ts';
import { taskName } from './schedule-tasks.ts';
import { facts } from './operation.ts';

const cron = z
  .string()
  .max(CRON_MAX_LENGTH)
  .meta({ description: 'minute hour day-of-month month day-of-week, as crontab(5) has them.', examples: ['30 2 * * 1-5'] });
const timeZone = z
  .string()
  .max(64)
  .meta({ description: 'A name of the IANA database.', examples: ['Asia/Taipei'] });
const filter = z
  .string()
  .max(FILTER_MAX_LENGTH)
  .meta({ description: 'As for GET /v1/servers; empty for all of them.', examples: ['state=available AND label.pool=gpu'] });
const why = z.string().min(1).max(200);
const blackout = z.union([
  z.strictObject({ from: z.iso.datetime({ offset: true }), until: z.iso.datetime({ offset: true }), reason: why }),
  z.strictObject({ cron, minutes: z.int().min(1).max(LONGEST_BLACKOUT_MINUTES), reason: why }),
]);
const blackouts = z.array(blackout).max(50).meta({
  description: 'While one is open no run begins and no run begins anything more: once, or from each time of an expression on.',
});
const overlap = z.enum(OVERLAPS).meta({
  description: 'What becomes of the next while one is under way: skipped, or one waits. What runs is never cancelled for it.',
});
const missed = z
  .discriminatedUnion('policy', [
    z.strictObject({ policy: z.literal('skip') }),
    z.strictObject({ policy: z.literal('run_once') }),
    z.strictObject({ policy: z.literal('within'), minutes: z.int().min(1).max(44_640) }),
  ])
  .meta({
    description:
      'What becomes of times at which nobody could look: nothing, one run for all of them, or that only if it is not too late.',
  });
const limitMinutes = z
  .int()
  .min(1)
  .max(44_640)
  .meta({ description: 'A run ends then, whatever is left; unless told, what suits the task.' });
const params = z
  .record(z.string(), z.unknown())
  .meta({ description: 'What the task is told; fields that it lacks are refused. See docs/schedules.md.' });

export const newSchedule = z
  .strictObject({
    name,
    task: taskName,
    params: params.default({}),
    filter: filter.default(''),
    cron,
    timeZone: timeZone.default('UTC'),
    blackouts: blackouts.default([]),
    overlap: overlap.default('skip'),
    missed: missed.default({ policy: 'skip' }),
    limitMinutes: limitMinutes.optional(),
  })
  .meta({ id: 'NewSchedule' });
export type NewScheduleBody = z.infer<typeof newSchedule>;

/** The task stays: another task is another schedule. */
export const scheduleChange = z
  .strictObject({
    name: name.optional(),
    params: params.optional(),
    filter: filter.optional(),
    cron: cron.optional(),
    timeZone: timeZone.optional(),
    blackouts: blackouts.optional(),
    overlap: overlap.optional(),
    missed: missed.optional(),
    limitMinutes: limitMinutes.optional(),
  })
  .meta({ id: 'ScheduleChange' });
export type ScheduleChangeBody = z.infer<typeof scheduleChange>;

export const pauseSchedule = z.strictObject({ reason: reason.default('') }).meta({ id: 'PauseSchedule' });
export const runSchedule = z
  .strictObject({ reason: reason.default(''), ignoreBlackout: z.boolean().default(false) })
  .meta({ id: 'RunSchedule' });

export const RUN_STATES = ['queued', 'running', 'succeeded', 'failed', 'skipped'] as const;
export const ITEM_STATES = ['skipped', 'open', 'waiting', 'done', 'failed'] as const;

const lastRun = z.object({ id: idOf('schedule_run'), state: openEnum(RUN_STATES), plannedAt: instant });
export const schedule = z
  .object({
    kind: z.literal('schedule'),
    id: idOf('schedule'),
    name: z.string(),
    task: openEnum(TASK_NAMES),
    params,
    filter: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    blackouts: z.array(z.record(z.string(), z.unknown())),
    overlap: openEnum(OVERLAPS),
    missed: z.record(z.string(), z.unknown()),
    limitMinutes: z.int(),
    paused: z.object({ at: instant, by: z.string(), reason: z.string() }).nullable(),
    next: z
      .object({ at: instant.nullable(), why: z.string() })
      .meta({ description: 'When something happens next, and what: due, or paused until a person resumes it.' }),
    current: idOf('schedule_run').nullable(),
    queued: idOf('schedule_run').nullable(),
    lastRun: lastRun.nullable(),
    ...stamps,
  })
  .meta({ id: 'Schedule' });
export type ScheduleView = z.infer<typeof schedule>;

const runError = z.object({ code: z.string(), title: z.string(), detail: z.string(), whatToDo: z.string(), params: facts });

export const scheduleRun = z
  .object({
    kind: z.literal('schedule_run'),
    id: idOf('schedule_run'),
    scheduleId: idOf('schedule'),
    trigger: openEnum(['schedule', 'operator']),
    why: openEnum(['due', 'missed', 'waited', 'asked', 'blackout', 'still_running', 'paused'], 'Why it ran, or was skipped.'),
    params: facts,
    requestedBy: z.string(),
    reason: z.string(),
    plannedAt: instant,
    task: z.object({ name: z.string(), params, filter: z.string() }).meta({ description: 'As the schedule was then.' }),
    state: openEnum(RUN_STATES),
    createdAt: instant,
    startedAt: instant.nullable(),
    deadlineAt: instant.nullable(),
    endedAt: instant.nullable(),
    waitingFor: z.object({ code: z.string(), params: facts, since: instant, until: instant, unblockedBy: z.string() }).nullable(),
    error: runError.nullable(),
    items: z.object({ picked: z.int(), skipped: z.int(), done: z.int(), failed: z.int() }),
    artefact: z.unknown().meta({ description: 'What the task reports; null until it ended, and in lists.' }),
  })
  .meta({ id: 'ScheduleRun' });
export type ScheduleRunView = z.infer<typeof scheduleRun>;

const subject = z.object({ kind: openEnum(['server', 'cluster']), id: z.string(), name: z.string() });
export const scheduleRunItem = z
  .object({
    position: z.int(),
    subject,
    state: openEnum(ITEM_STATES),
    reason: z.object({ code: z.string(), sentence: z.string() }).meta({ description: 'Why it was picked, or left alone.' }),
    params: facts,
    operationId: idOf('operation').nullable(),
    result: z.record(z.string(), z.unknown()).nullable(),
    error: runError.nullable(),
    updatedAt: instant,
  })
  .meta({ id: 'ScheduleRunItem' });
export type ScheduleRunItemView = z.infer<typeof scheduleRunItem>;

export const schedulePreview = z
  .object({
    times: z.array(z.object({ at: instant, blackout: z.string().nullable() })),
    picks: z.object({
      picked: z.int(),
      skipped: z.int(),
      items: z.array(scheduleRunItem.pick({ subject: true, reason: true, params: true }).extend({ picked: z.boolean() })),
      more: z.int().meta({ description: 'So many are not shown.' }),
    }),
  })
  .meta({ id: 'SchedulePreview' });

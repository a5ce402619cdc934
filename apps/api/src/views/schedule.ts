// Schedules, runs and their items as the API shows them.
import type { ScheduleRunItemView, ScheduleRunView, ScheduleView } from '@rackwright/api-contract/resources/schedule.ts';
import { ITEM_REASONS, type ItemReason } from '@rackwright/domain/schedules/item-reasons.ts';
import type { ItemRecord, RunRecord, ScheduleRecord } from '../schedule-needs.ts';
import { inWords } from './in-words.ts';

export function viewSchedule(record: ScheduleRecord): ScheduleView {
  const { pausedAt, pausedBy, pausedReason, lookAt, running, ...rest } = record;
  const { id, name, task, params, filter, cron, timeZone, blackouts, overlap, missed, limitMinutes, queued, lastRun } = rest;
  return {
    kind: 'schedule',
    ...{ id, name, task, params, filter, cron, timeZone, blackouts, overlap, missed, limitMinutes },
    paused: pausedAt === null ? null : { at: pausedAt, by: pausedBy ?? '', reason: pausedReason ?? '' },
    next: pausedAt === null ? { at: lookAt, why: lookAt === null ? 'never' : 'due' } : { at: null, why: 'paused' },
    current: running,
    queued,
    lastRun,
    version: record.version,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
  };
}

export function viewRun({ facts, task, params, filter, waitingFor, error, ...rest }: RunRecord): ScheduleRunView {
  return {
    kind: 'schedule_run',
    ...rest,
    params: facts,
    task: { name: task, params, filter },
    waitingFor: waitingFor && viewWaiting(waitingFor),
    error: error && inWords(error),
  };
}

const viewWaiting = ({ facts, code, since, until, unblockedBy }: NonNullable<RunRecord['waitingFor']>) => ({
  ...{ code, since, until, unblockedBy },
  params: facts ?? {},
});

export function viewItem({ facts, reason, error, ...rest }: ItemRecord): ScheduleRunItemView {
  return { ...rest, reason: sayReason(reason), params: facts, error: error && inWords(error) };
}

export const sayReason = (code: ItemReason): { code: string; sentence: string } => ({ code, sentence: ITEM_REASONS[code] });

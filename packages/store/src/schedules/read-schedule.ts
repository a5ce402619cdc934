// Schedules and their runs as the API shows them.
import type { Blackout } from '@rackwright/domain/schedules/blackout.ts';
import type { MissedPolicy, Overlap } from '@rackwright/domain/schedules/decide-run.ts';
import type { TaskName } from '@rackwright/domain/schedules/tasks.ts';
import type { ScheduleId, ScheduleRunId } from '@rackwright/domain/ids.ts';
import type { StoredError, WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import { instantSql } from '../instant-sql.ts';
import { type Stamps, stamps } from '../inventory/work.ts';

export type NewSchedule = {
  name: string;
  task: TaskName;
  params: Record<string, unknown>;
  filter: string;
  cron: string;
  timeZone: string;
  blackouts: Blackout[];
  overlap: Overlap;
  missed: MissedPolicy;
  limitMinutes: number;
};

export type ScheduleRecord = Stamps &
  NewSchedule & {
    id: ScheduleId;
    pausedAt: string | null;
    pausedBy: string | null;
    pausedReason: string | null;
    decidedThrough: string;
    /** When a worker looks next; null while nothing can become due. */
    lookAt: string | null;
    running: ScheduleRunId | null;
    queued: ScheduleRunId | null;
    lastRun: { id: ScheduleRunId; state: RunState; plannedAt: string } | null;
  };

export const RUN_STATES = ['queued', 'running', 'succeeded', 'failed', 'skipped'] as const;
export type RunState = (typeof RUN_STATES)[number];

export type RunRecord = {
  id: ScheduleRunId;
  scheduleId: ScheduleId;
  trigger: 'schedule' | 'operator';
  why: string;
  facts: Record<string, string | number>;
  requestedBy: string;
  reason: string;
  plannedAt: string;
  task: TaskName;
  params: Record<string, unknown>;
  filter: string;
  state: RunState;
  createdAt: string;
  startedAt: string | null;
  deadlineAt: string | null;
  endedAt: string | null;
  waitingFor: WaitingFor | null;
  error: StoredError | null;
  artefact: unknown;
  /** How many items are in which state. */
  items: { picked: number; skipped: number; done: number; failed: number };
};

const oneIn = (state: string) => `(select r.id from schedule_runs r where r.schedule_id = t.id and r.state = '${state}')`;

export const SELECT_SCHEDULE = `
  select t.id, t.name, t.task, t.params, t.filter, t.cron, t.time_zone as "timeZone", t.blackouts, t.overlap, t.missed,
         t.limit_minutes as "limitMinutes", t.paused_at as "pausedAt", t.paused_by as "pausedBy", t.paused_reason as "pausedReason",
         t.decided_through as "decidedThrough", t.look_at as "lookAt", ${oneIn('running')} as running, ${oneIn('queued')} as queued,
         (select jsonb_build_object('id', r.id, 'state', r.state, 'plannedAt', ${instantSql('r.planned_at')})
            from schedule_runs r where r.schedule_id = t.id order by r.id desc limit 1) as "lastRun",
         ${stamps('t')}
    from schedules t`;

const selectRun = (artefact: string): string => `
  select t.id, t.schedule_id as "scheduleId", t.trigger, t.why, t.facts, t.requested_by as "requestedBy", t.reason,
         t.planned_at as "plannedAt", t.task, t.params, t.filter, t.state, t.created_at as "createdAt", t.started_at as "startedAt",
         t.deadline_at as "deadlineAt", t.ended_at as "endedAt", t.waiting_for as "waitingFor", t.error, ${artefact} as artefact,
         (select jsonb_build_object('picked', count(*) filter (where i.state <> 'skipped'), 'skipped', count(*) filter (where i.state = 'skipped'),
                                    'done', count(*) filter (where i.state = 'done'), 'failed', count(*) filter (where i.state = 'failed'))
            from schedule_run_items i where i.run_id = t.id) as items
    from schedule_runs t`;

export const SELECT_RUN = selectRun('t.artefact');
/** For lists: a report may be large, and stands with its run. */
export const SELECT_RUN_IN_LIST = selectRun('null::jsonb');

// What the API needs to keep schedules; the worker runs them.
import type { Facts } from '@rackwright/domain/errors.ts';
import type { OperationId, ScheduleId, ScheduleRunId } from '@rackwright/domain/ids.ts';
import type { Blackout } from '@rackwright/domain/schedules/blackout.ts';
import type { Candidates } from '@rackwright/domain/schedules/candidate.ts';
import type { MissedPolicy, Overlap } from '@rackwright/domain/schedules/decide-run.ts';
import type { ItemReason } from '@rackwright/domain/schedules/item-reasons.ts';
import type { TaskName } from '@rackwright/domain/schedules/tasks.ts';
import type { FilterCondition } from '@rackwright/api-contract/filter/parse-filter.ts';
import type { Collection, Page, PageRequest, Stamps } from './collection-needs.ts';

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
    lookAt: string | null;
    running: ScheduleRunId | null;
    queued: ScheduleRunId | null;
    lastRun: { id: ScheduleRunId; state: string; plannedAt: string } | null;
  };

type Failure = { code: string; facts: Facts };
export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'skipped';
export type RunRecord = {
  id: ScheduleRunId;
  scheduleId: ScheduleId;
  trigger: string;
  why: string;
  facts: Facts;
  requestedBy: string;
  reason: string;
  plannedAt: string;
  task: string;
  params: Record<string, unknown>;
  filter: string;
  state: RunState;
  createdAt: string;
  startedAt: string | null;
  deadlineAt: string | null;
  endedAt: string | null;
  waitingFor: { code: string; facts?: Facts; since: string; until: string; unblockedBy: string } | null;
  error: Failure | null;
  artefact: unknown;
  items: { picked: number; skipped: number; done: number; failed: number };
};

export type ItemState = 'skipped' | 'open' | 'waiting' | 'done' | 'failed';
export type ItemRecord = {
  position: number;
  subject: { kind: string; id: string; name: string };
  state: ItemState;
  reason: ItemReason;
  facts: Facts;
  operationId: OperationId | null;
  result: Record<string, unknown> | null;
  error: Failure | null;
  updatedAt: string;
};

export interface Schedules extends Collection<ScheduleId, ScheduleRecord, NewSchedule, Partial<NewSchedule>> {
  list(page: PageRequest, filter: { name?: string | undefined; task?: string | undefined }): Promise<Page<ScheduleRecord>>;
  /** Both may be repeated. */
  pause(id: ScheduleId, by: string, reason: string): Promise<ScheduleRecord>;
  resume(id: ScheduleId, by: string): Promise<ScheduleRecord>;
  /** Refusals `schedule_run_in_progress`, `schedule_in_blackout`. @param now  milliseconds since the epoch */
  runNow(id: ScheduleId, wanted: { by: string; reason: string; ignoreBlackout: boolean; now: number }): Promise<RunRecord>;
  runs(id: ScheduleId, page: PageRequest, filter: { state?: RunState | undefined }): Promise<Page<RunRecord>>;
  run(id: ScheduleId, runId: ScheduleRunId): Promise<RunRecord>;
  items(runId: ScheduleRunId, page: PageRequest, filter: { state?: ItemState | undefined }): Promise<Page<ItemRecord>>;
  /** What a task would choose from now. Refusal `too_many_candidates`. */
  candidates(conditions: FilterCondition[]): Promise<Candidates>;
}

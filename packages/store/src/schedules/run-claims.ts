// Who carries out a run now: one worker at a time, and whoever was taken over writes nothing any more.
import type { Facts } from '@rackwright/domain/errors.ts';
import type { ScheduleId, ScheduleRunId } from '@rackwright/domain/ids.ts';
import type { Blackout } from '@rackwright/domain/schedules/blackout.ts';
import type { TaskName } from '@rackwright/domain/schedules/tasks.ts';
import { StaleRun, type StoredError, type WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import type { Database } from '../database.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

/** The right to carry out one run, until it expires or another process takes it over. */
export type RunClaim = {
  runId: ScheduleRunId;
  scheduleId: ScheduleId;
  schedule: string;
  fence: number;
  task: TaskName;
  params: Record<string, unknown>;
  filter: string;
  picked: boolean;
  startedAt: string;
  deadlineAt: string;
  timeZone: string;
  /** None for a run whose asker ignores them. */
  blackouts: Blackout[];
};

export type RunEnd = { error: StoredError | null; artefact: unknown; facts: Facts };

const CLAIMABLE = `(c.run_until < clock_timestamp() or (c.run_until is null and c.wake_at <= clock_timestamp()))`;

/** Runs that wait for somebody: new ones whose schedule is idle, ones that slept, and those of dead workers. @param forMs  until it counts as dead */
export async function claimRuns(database: Database, by: string, forMs: number, limit: number): Promise<RunClaim[]> {
  const candidates = await database.query<{ id: ScheduleRunId }>(
    `select c.id from schedule_runs c
      where ${CLAIMABLE} and (c.state = 'running' or (c.state = 'queued'
        and not exists (select from schedule_runs o where o.schedule_id = c.schedule_id and o.state = 'running')))
      order by c.wake_at limit $1`,
    [limit],
  );
  const claimed = await Promise.all(candidates.map(({ id }) => claimRun(database, id, by, forMs)));
  return claimed.flatMap((claim) => (claim ? [claim] : []));
}

/** Undefined: somebody else has it, or the schedule is busy. The schedule's row is locked so that two cannot both find it idle. */
function claimRun(database: Database, id: ScheduleRunId, by: string, forMs: number): Promise<RunClaim | undefined> {
  return inTransaction(database, async (tx) => {
    await tx.query('select 1 from schedules where id = (select schedule_id from schedule_runs where id = $1) for update', [id]);
    const [run] = await tx.query<{ was: string }>(
      `update schedule_runs c
          set state = 'running', run_fence = run_fence + 1, run_by = $2, run_until = clock_timestamp() + make_interval(secs => $3),
              wake_at = null, started_at = coalesce(c.started_at, clock_timestamp()),
              deadline_at = coalesce(c.deadline_at, clock_timestamp() + make_interval(mins => c.limit_minutes))
         from (select id, state as was from schedule_runs where id = $1 for update) b
        where c.id = b.id and ${CLAIMABLE} and (c.state = 'running' or (c.state = 'queued'
          and not exists (select from schedule_runs o where o.schedule_id = c.schedule_id and o.state = 'running')))
      returning b.was`,
      [id, by, forMs / 1000],
    );
    if (!run) return undefined;
    const [claim] = await tx.query<RunClaim>(
      `select r.id as "runId", r.schedule_id as "scheduleId", s.name as schedule, r.run_fence as fence, r.task, r.params, r.filter,
              r.picked_at is not null as picked, r.started_at as "startedAt", r.deadline_at as "deadlineAt", s.time_zone as "timeZone",
              case when r.ignore_blackout then '[]'::jsonb else s.blackouts end as blackouts
         from schedule_runs r join schedules s on s.id = r.schedule_id where r.id = $1`,
      [id],
    );
    if (run.was === 'queued') tell(tx, 'schedule_run.started', id, { schedule: claim?.schedule, task: claim?.task });
    return claim;
  });
}

/** False: it was taken over, or its schedule was deleted. */
export async function renewRun(database: Database, { runId, fence }: RunClaim, forMs: number): Promise<boolean> {
  const renewed = await database.query(
    `update schedule_runs set run_until = clock_timestamp() + make_interval(secs => $3)
      where id = $1 and run_fence = $2 and state = 'running' returning id`,
    [runId, fence, forMs / 1000],
  );
  return renewed.length > 0;
}

/**
 * Sleeps until then. Who waits for the same again keeps the time since when. Throws StaleRun.
 * @param afterMs  0 when we stop and another may go on at once
 * @param waitingFor  null: nothing new is known of it
 */
export function suspendRun(database: Database, claim: RunClaim, afterMs: number, waitingFor: WaitingFor | null): Promise<void> {
  return inTransaction(database, async (tx) => {
    await lockClaim(tx, claim);
    await tx.query(
      `update schedule_runs set run_by = null, run_until = null, wake_at = clock_timestamp() + make_interval(secs => $2),
              waiting_for = case when $3::jsonb is null then waiting_for
                                 when waiting_for->>'code' = $3::jsonb->>'code'
                                 then $3::jsonb || jsonb_build_object('since', waiting_for->'since') else $3::jsonb end
        where id = $1`,
      [claim.runId, afterMs / 1000, waitingFor === null ? null : JSON.stringify(waitingFor)],
    );
  });
}

/** Failed when one of its items did, or when it could not go on itself. Throws StaleRun. */
export function endRun(database: Database, claim: RunClaim, { error, artefact, facts }: RunEnd): Promise<void> {
  return inTransaction(database, async (tx) => {
    await lockClaim(tx, claim);
    const [items] = await tx.query<{ failed: number }>(
      `select count(*) as failed from schedule_run_items where run_id = $1 and state = 'failed'`,
      [claim.runId],
    );
    const state = error === null && (items?.failed ?? 0) === 0 ? 'succeeded' : 'failed';
    await tx.query(
      `update schedule_runs set state = $2, ended_at = clock_timestamp(), error = $3, artefact = $4, facts = facts || $5::jsonb,
              run_by = null, run_until = null, wake_at = null, waiting_for = null where id = $1`,
      [
        ...[claim.runId, state, error === null ? null : JSON.stringify(error)],
        ...[artefact === undefined ? null : JSON.stringify(artefact), JSON.stringify(facts)],
      ],
    );
    const payload = { schedule: claim.schedule, task: claim.task, state, ...(error ? { code: error.code } : {}) };
    tell(tx, 'schedule_run.ended', claim.runId, payload);
  });
}

/** Nobody else changes the run until the transaction ends. Throws StaleRun when it is not ours any more. */
export async function lockClaim(tx: Transaction, { runId, fence }: Pick<RunClaim, 'runId' | 'fence'>): Promise<void> {
  const held = await tx.query(`select 1 from schedule_runs where id = $1 and run_fence = $2 and state = 'running' for update`, [
    runId,
    fence,
  ]);
  if (held.length === 0) throw new StaleRun();
}

function tell(
  tx: Transaction,
  kind: 'schedule_run.started' | 'schedule_run.ended',
  id: ScheduleRunId,
  payload: Record<string, unknown>,
): void {
  tx.emit({ kind, subject: { kind: 'schedule_run', id }, payload });
}

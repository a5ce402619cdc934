// Who runs an operation now, when it wants to be looked at next, and how it ends.
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { RunName } from '@rackwright/domain/server-lifecycle/errands.ts';
import type { ServerEvent } from '@rackwright/domain/server-lifecycle/table.ts';
import { StaleRun, type StepLog, type StoredError, type WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import type { Database } from '../database.ts';
import { inTransaction } from '../transaction.ts';
import { endOperation } from './end-operation.ts';
import { type FencedRun, lockRun, postgresStepLog } from './step-log.ts';

/** The right to advance one operation, until it expires or another process takes it over. */
export type Run = FencedRun & { workflow: RunName; params: unknown };

export type RunStore = {
  /** `busy`: another process runs it now. `over`: nothing left to do. @param forMs  milliseconds until it counts as dead */
  claim(operationId: OperationId, worker: string, forMs: number): Promise<Run | 'busy' | 'over'>;
  /** Throws StaleRun when it was taken over. */
  renew(run: Run, forMs: number): Promise<void>;
  stepLog(run: Run): StepLog;
  /** Sleeps until `wakeAt`, or not at all when something reported while the run was under way. @returns when it is due */
  suspend(run: Run, wakeAt: string, waitingFor: WaitingFor): Promise<string>;
  /** A release without a good erase record of each accepted disk ends as failed, and its server in quarantine. */
  finish(run: Run): Promise<void>;
  /** @param event  what that means for the server: `fail`, or `keep` where the table has it */
  fail(run: Run, error: StoredError, event: ServerEvent): Promise<void>;
  /** Operations whose wake-up is due or was lost, oldest first. */
  due(limit: number): Promise<OperationId[]>;
};

export function postgresRunStore(database: Database): RunStore {
  return {
    claim: (operationId, worker, forMs) => claim(database, operationId, worker, forMs),
    stepLog: (run) => postgresStepLog(database, run),

    async renew(run, forMs) {
      const renewed = await database.query(
        `update operations set run_until = clock_timestamp() + make_interval(secs => $3)
          where id = $1 and run_fence = $2 and state = 'running' returning id`,
        [run.operationId, String(run.fence), forMs / 1000],
      );
      if (renewed.length === 0) throw new StaleRun();
    },

    suspend: (run, wakeAt, waitingFor) => suspend(database, run, wakeAt, waitingFor),

    finish: (run) =>
      inTransaction(database, async (tx) => {
        await lockRun(tx, run);
        await endOperation(tx, run, { event: 'finish', error: null });
      }),

    fail: (run, error, event) =>
      inTransaction(database, async (tx) => {
        await lockRun(tx, run);
        await endOperation(tx, run, { event, error });
      }),

    async due(limit) {
      const rows = await database.query<{ id: OperationId }>(
        // Times are kept to the millisecond, and rounded: what is due now may read as due in half of one.
        `select id from operations
          where state = 'running'
            and (run_until < now() or (run_until is null and coalesce(wake_at, created_at) <= clock_timestamp() + interval '1 ms'))
          order by coalesce(wake_at, run_until) limit $1`,
        [limit],
      );
      return rows.map(({ id }) => id);
    },
  };
}

type Claimed = { serverId: ServerId; workflow: RunName; params: unknown; fence: number };

async function claim(
  database: Database,
  operationId: OperationId,
  worker: string,
  forMs: number,
): Promise<Run | 'busy' | 'over'> {
  const [claimed] = await database.query<Claimed>(
    `with claimed as (
       update operations
          set run_fence = run_fence + 1, run_by = $2, run_until = clock_timestamp() + make_interval(secs => $3),
              signals_seen = signals, wake_at = null
        where id = $1 and state = 'running' and (run_until is null or run_until < clock_timestamp())
        returning id, server_id, type, params, run_fence),
     prolonged as (
       update server_leases set expires_at = greatest(expires_at, now() + interval '1 day')
        where operation_id = (select id from claimed))
     select server_id as "serverId", type as workflow, params, run_fence as fence from claimed`,
    [operationId, worker, forMs / 1000],
  );
  if (claimed) return { ...claimed, operationId, fence: BigInt(claimed.fence) };
  const running = await database.query(`select from operations where id = $1 and state = 'running'`, [operationId]);
  return running.length > 0 ? 'busy' : 'over';
}

async function suspend(database: Database, run: Run, wakeAt: string, waitingFor: WaitingFor): Promise<string> {
  return inTransaction(database, async (tx) => {
    await lockRun(tx, run);
    const [before] = await tx.query<{ waitingFor: WaitingFor | null }>(
      'select waiting_for as "waitingFor" from operations where id = $1',
      [run.operationId],
    );
    const [slept] = await tx.query<{ wakeAt: string }>(
      `update operations
          set run_by = null, run_until = null, waiting_for = $2,
              wake_at = case when signals > signals_seen then clock_timestamp() else $3::timestamptz end
        where id = $1 returning wake_at as "wakeAt"`,
      [run.operationId, JSON.stringify(waitingFor), wakeAt],
    );
    // Looking every few seconds is no news; another reason is.
    if (!sameReason(before?.waitingFor ?? null, waitingFor)) {
      tx.emit({
        kind: 'operation.waiting',
        subject: { kind: 'operation', id: run.operationId },
        serverId: run.serverId,
        operationId: run.operationId,
        payload: { ...waitingFor },
      });
    }
    return slept?.wakeAt ?? wakeAt;
  });
}

function sameReason(before: WaitingFor | null, now: WaitingFor): boolean {
  // jsonb does not keep the order of members.
  const facts = (waiting: WaitingFor) => JSON.stringify(Object.entries(waiting.facts ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  return before !== null && before.code === now.code && before.since === now.since && facts(before) === facts(now);
}

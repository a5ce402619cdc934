// Who runs an operation now, when it wants to be looked at next, and how it ends.
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { RunName } from '@rackwright/domain/server-lifecycle/errands.ts';
import type { ServerEvent } from '@rackwright/domain/server-lifecycle/table.ts';
import {
  type Journal,
  StaleRun,
  type StepLog,
  type StepRecord,
  type StoredError,
  type WaitingFor,
} from '@rackwright/workflow-engine/step-log.ts';
import type { Database } from '../database.ts';
import { inTransaction } from '../transaction.ts';
import { endOperation } from './end-operation.ts';
import { type FencedRun, postgresSaveRun } from './save-runs.ts';
import { lockRun, postgresStepLog, saveSteps } from './step-log.ts';

/** The right to advance one operation, until it expires or another process takes it over. */
export type Run = FencedRun & {
  workflow: RunName;
  params: unknown;
  /** As it was when the run began. */
  journal: Journal;
};

export type RunStore = {
  /** `busy`: another process runs it now. `over`: nothing left to do. @param forMs  milliseconds until it counts as dead */
  claim(operationId: OperationId, worker: string, forMs: number): Promise<Run | 'busy' | 'over'>;
  /** Throws StaleRun when it was taken over. */
  renew(run: Run, forMs: number): Promise<void>;
  stepLog(run: Run): StepLog;
  /** Sleeps until `wakeAt`, or not at all when something reported while the run was under way. @returns when it is due */
  suspend(run: Run, wakeAt: string, waitingFor: WaitingFor, unsaved?: readonly StepRecord[]): Promise<string>;
  /** A release without a good erase record of each accepted disk ends as failed, and its server in quarantine. */
  finish(run: Run, unsaved?: readonly StepRecord[]): Promise<void>;
  /** @param event  what that means for the server: `fail`, or `keep` where the table has it */
  fail(run: Run, error: StoredError, event: ServerEvent): Promise<void>;
  /** Operations whose wake-up is due or was lost, oldest first. */
  due(limit: number): Promise<OperationId[]>;
};

/** One for a whole process: what runs of the same store write at the same time goes together. */
export function postgresRunStore(database: Database): RunStore {
  const saveRun = postgresSaveRun(database);
  return {
    claim: (operationId, worker, forMs) => claim(database, operationId, worker, forMs),
    stepLog: (run) => postgresStepLog(database, saveRun, run),

    async renew(run, forMs) {
      const renewed = await database.query(
        `update operations set run_until = clock_timestamp() + make_interval(secs => $3)
          where id = $1 and run_fence = $2 and state = 'running' returning id`,
        [run.operationId, String(run.fence), forMs / 1000],
      );
      if (renewed.length === 0) throw new StaleRun();
    },

    suspend: (run, wakeAt, waitingFor, unsaved = []) => saveRun({ run, steps: unsaved, suspend: { wakeAt, waitingFor } }),

    finish: (run, unsaved = []) =>
      inTransaction(database, async (tx) => {
        await lockRun(tx, run);
        await saveSteps(tx, run, unsaved);
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

type Claimed = Omit<Run, 'operationId' | 'fence'> & { fence: number };

async function claim(
  database: Database,
  operationId: OperationId,
  worker: string,
  forMs: number,
): Promise<Run | 'busy' | 'over'> {
  const [claimed] = await database.query<Claimed>(
    'select server_id as "serverId", workflow, params, fence, journal from claim_run($1, $2, $3)',
    [operationId, worker, forMs / 1000],
  );
  if (claimed) return { ...claimed, operationId, fence: BigInt(claimed.fence) };
  const running = await database.query(`select from operations where id = $1 and state = 'running'`, [operationId]);
  return running.length > 0 ? 'busy' : 'over';
}

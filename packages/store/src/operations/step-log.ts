// The engine's memory in Postgres: every write names the fence of its run, and is refused once another run has begun.
import type { OperationId } from '@rackwright/domain/ids.ts';
import { type Journal, StaleRun, type StepLog, type StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import type { Database, Sql } from '../database.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { type FencedRun, type SaveRun, stepEvent } from './save-runs.ts';

/** Locks the operation for this run until the transaction ends. Throws StaleRun when it is no longer this run's. */
export async function lockRun(sql: Sql, { operationId, fence }: FencedRun): Promise<void> {
  const held = await sql.query(
    `select from operations where id = $1 and run_fence = $2 and state = 'running' for no key update`,
    [operationId, String(fence)],
  );
  if (held.length === 0) throw new StaleRun();
}

export function postgresStepLog(database: Database, saveRun: SaveRun, run: FencedRun): StepLog {
  const { operationId } = run;
  return {
    load: () => loadJournal(database, operationId),

    async save(...steps) {
      if (steps.length > 0) await saveRun({ run, steps });
    },

    beginFailing: (error, unsaved = []) =>
      inTransaction(database, async (tx) => {
        await lockRun(tx, run);
        await saveSteps(tx, run, unsaved);
        await tx.query('update operations set failing = $2 where id = $1', [operationId, JSON.stringify(error)]);
      }),
  };
}

/** As part of a larger transaction. The run must be locked. */
export async function saveSteps(tx: Transaction, run: FencedRun, steps: readonly StepRecord[]): Promise<void> {
  if (steps.length === 0) return;
  await tx.query('select upsert_steps($1, $2::jsonb)', [run.operationId, JSON.stringify(steps)]);
  for (const step of steps) tx.emit(stepEvent(run, step));
}

async function loadJournal(sql: Sql, operationId: OperationId): Promise<Journal> {
  const [row] = await sql.query<{ journal: Journal | null }>('select journal_of($1) as journal', [operationId]);
  if (!row?.journal) throw new Error(`operation ${operationId} does not exist`);
  return row.journal;
}

// The engine's memory in Postgres: every write names the fence of its run, and is refused once another run has begun.
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { type Journal, StaleRun, type StepLog, type StepRecord, type StoredError } from '@rackwright/workflow-engine/step-log.ts';
import type { Database, Sql } from '../database.ts';
import { inTransaction } from '../transaction.ts';

/** Which operation, and the number of the run that may write. */
export type FencedRun = { operationId: OperationId; serverId: ServerId; fence: bigint };

/** Locks the operation for this run until the transaction ends. Throws StaleRun when it is no longer this run's. */
export async function lockRun(sql: Sql, { operationId, fence }: FencedRun): Promise<void> {
  const held = await sql.query(
    `select from operations where id = $1 and run_fence = $2 and state = 'running' for no key update`,
    [operationId, String(fence)],
  );
  if (held.length === 0) throw new StaleRun();
}

export function postgresStepLog(database: Database, run: FencedRun): StepLog {
  const { operationId, serverId } = run;
  return {
    load: () => loadJournal(database, operationId),

    save: (step) =>
      inTransaction(database, async (tx) => {
        await lockRun(tx, run);
        await tx.query(UPSERT_STEP, stepValues(operationId, step));
        const { name, state, attempt, error } = step;
        tx.emit({
          kind: 'operation.step',
          subject: { kind: 'operation', id: operationId },
          serverId,
          operationId,
          payload: { step: name, state, attempt, ...(error ? { code: error.code } : {}) },
        });
      }),

    beginFailing: (error) =>
      inTransaction(database, async (tx) => {
        await lockRun(tx, run);
        await tx.query('update operations set failing = $2 where id = $1', [operationId, JSON.stringify(error)]);
      }),
  };
}

const UPSERT_STEP = `
  insert into operation_steps (operation_id, name, position, state, attempt, result, error, started_at, deadline_at, updated_at)
  values ($1, $2, (select count(*) from operation_steps where operation_id = $1), $3::step_state, $4, $5, $6, $7, $8, clock_timestamp())
  on conflict (operation_id, name) do update
    set state = excluded.state, attempt = excluded.attempt, result = excluded.result, error = excluded.error,
        started_at = excluded.started_at, deadline_at = excluded.deadline_at, updated_at = excluded.updated_at`;

function stepValues(operationId: OperationId, step: StepRecord): unknown[] {
  const { name, state, attempt, result, error, startedAt, deadlineAt } = step;
  return [operationId, name, state, attempt, json(result), json(error), startedAt, deadlineAt];
}

/** Undefined is SQL's null. */
function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

type StepRow = Omit<StepRecord, 'result' | 'error'> & { result: unknown; error: StoredError | null };

async function loadJournal(sql: Sql, operationId: OperationId): Promise<Journal> {
  const [operation] = await sql.query<Omit<Journal, 'steps'>>(
    `select deadline_at as "deadlineAt", cancel_requested as "cancelRequested", failing from operations where id = $1`,
    [operationId],
  );
  if (!operation) throw new Error(`operation ${operationId} does not exist`);
  const rows = await sql.query<StepRow>(
    `select name, state::text as state, attempt, result, error, started_at as "startedAt", deadline_at as "deadlineAt"
       from operation_steps where operation_id = $1 order by position`,
    [operationId],
  );
  return { ...operation, steps: rows.map(stepOf) };
}

function stepOf({ result, error, ...rest }: StepRow): StepRecord {
  return { ...rest, ...(result === null ? {} : { result }), ...(error === null ? {} : { error }) };
}

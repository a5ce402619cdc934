// News for an operation from outside its runs: a report of the agent, somebody who wants it cancelled.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import type { Transaction } from '../transaction.ts';

/**
 * It is due at once; a run that is under way and may have looked too early will not sleep again before another look.
 * Whoever called wakes the operation after the commit, so that it needs no sweep.
 */
export async function signalOperation(sql: Sql, operationId: OperationId): Promise<void> {
  await sql.query(
    `update operations set signals = signals + 1, wake_at = case when run_until is null then clock_timestamp() else wake_at end
      where id = $1 and state = 'running'`,
    [operationId],
  );
}

type Running = { state: string; serverId: ServerId; cancelRequested: boolean; waitingForCode: string | null };

/** Nobody else changes it until the transaction ends. Refusals: `not_found`, `operation_finished` {operationId, state}. */
export async function lockRunning(tx: Transaction, operationId: OperationId): Promise<Running> {
  const [operation] = await tx.query<Running>(
    `select state::text as state, server_id as "serverId", cancel_requested as "cancelRequested", waiting_for->>'code' as "waitingForCode"
       from operations where id = $1 for no key update`,
    [operationId],
  );
  if (!operation) throw new Refusal('not_found', { kind: 'operation', id: operationId });
  if (operation.state !== 'running') throw new Refusal('operation_finished', { operationId, state: operation.state });
  return operation;
}

/** Refusals of `lockRunning`. May be repeated. */
export async function requestCancel(tx: Transaction, operationId: OperationId, by: string, reason = ''): Promise<void> {
  const operation = await lockRunning(tx, operationId);
  if (operation.cancelRequested) return;
  await tx.query('update operations set cancel_requested = true, cancel_requested_by = $2 where id = $1', [operationId, by]);
  await signalOperation(tx, operationId);
  tx.emit({
    kind: 'operation.cancel_requested',
    subject: { kind: 'operation', id: operationId },
    serverId: operation.serverId,
    operationId,
    payload: { by, reason },
  });
}

/** Whom a report about this server concerns. */
export async function runningOperation(sql: Sql, serverId: ServerId): Promise<OperationId | undefined> {
  const [row] = await sql.query<{ id: OperationId }>(`select id from operations where server_id = $1 and state = 'running'`, [
    serverId,
  ]);
  return row?.id;
}

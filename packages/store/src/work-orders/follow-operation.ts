// A work order goes on when the operation that was begun for it ends, in the same transaction.
import { incidentKey, type IncidentScope } from '@rackwright/domain/incidents.ts';
import type { OperationId, ServerId, WorkOrderId } from '@rackwright/domain/ids.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import { countsAsAttempt, REPAIR_LOOP } from '@rackwright/domain/work-orders/table.ts';
import type { StoredError } from '@rackwright/workflow-engine/step-log.ts';
import { closeIncident, openIncident } from '../incidents/open-incident.ts';
import { findAnswer } from '../operations/answer-operation.ts';
import type { Transaction } from '../transaction.ts';
import { type LockedOrder, lockWorkOrder, moveWorkOrder } from './move-work-order.ts';

/** `safe` or back to `verified` after isolating; `closed` or open again after validating. */
export async function followWorkOrder(tx: Transaction, operationId: OperationId, error: StoredError | null): Promise<void> {
  const [waiting] = await tx.query<{ id: WorkOrderId; attempts: number }>(
    `select id, attempts from work_orders where operation_id = $1 and state in ('draining', 'validating')`,
    [operationId],
  );
  if (!waiting) return;
  const order = await lockWorkOrder(tx, waiting.id, 'any');
  const by = 'workflow';
  const problem = error && { code: error.code, facts: error.facts, operationId, at: new Date().toISOString() };
  if (order.state === 'draining') {
    const word = await findAnswer(tx, operationId, 'fence_unproven');
    const powerWord = word?.answer === 'confirm_power_off' ? { person: word.person, evidence: word.evidence, at: word.at } : null;
    const event = error === null ? 'isolated' : 'not_isolated';
    await moveWorkOrder(tx, order, { event, by, operationId, write: { problem, powerWord } });
    return;
  }
  const validation = await readValidation(tx, operationId);
  if (error === null) {
    await moveWorkOrder(tx, order, { event: 'validated', by, operationId, write: { problem, validation, outcome: 'repaired' } });
    await closeIncident(tx, loopKey(order.serverId), 'The repair holds.');
    return;
  }
  const counts = countsAsAttempt(error.code);
  const write = { problem, validation, attempts: waiting.attempts + (counts ? 1 : 0), assignee: null, powerWord: null };
  await moveWorkOrder(tx, order, { event: 'reopen', by, operationId, write });
  if (counts && write.attempts >= REPAIR_LOOP) await tellOfLoop(tx, order, write.attempts, error.code);
}

export const loopKey = (serverId: ServerId): string => incidentKey('repair_loop', { kind: 'server', id: serverId });

async function tellOfLoop(tx: Transaction, { id, serverId }: LockedOrder, attempts: number, code: string): Promise<void> {
  const [server] = await tx.query<{ name: string }>('select name from servers where id = $1', [serverId]);
  const scope: IncidentScope = { kind: 'server', id: serverId, name: server?.name ?? serverId };
  await openIncident(tx, { kind: 'repair_loop', key: loopKey(serverId), scope, facts: { workOrderId: id, attempts, code } });
}

/** Those that nobody needs to go for any more. */
export async function closeOrdersOfRetired(
  tx: Transaction,
  serverId: ServerId,
  retiredAs: Retirement,
  by = 'workflow',
): Promise<void> {
  const rows = await tx.query<{ id: WorkOrderId }>(
    `select id from work_orders where server_id = $1 and state not in ('closed', 'cancelled') order by id`,
    [serverId],
  );
  const outcome = retiredAs === 'scrapped' ? 'scrapped' : 'returned_to_vendor';
  for (const { id } of rows) {
    const order = await lockWorkOrder(tx, id, 'any');
    await moveWorkOrder(tx, order, { event: 'server_retired', by, write: { outcome, reason: retiredAs } });
  }
  await closeIncident(tx, loopKey(serverId), 'The server is retired.');
}

/** What the agent found, also when it failed; null when it never came to that. */
async function readValidation(tx: Transaction, operationId: OperationId): Promise<{ tests: unknown[] } | null> {
  const [row] = await tx.query<{ tests: unknown[] | null }>(
    `select result->'evidence'->'tests' as tests from operation_steps
      where operation_id = $1 and name = 'wait for the agent to burn it in'`,
    [operationId],
  );
  return row?.tests ? { tests: row.tests } : null;
}

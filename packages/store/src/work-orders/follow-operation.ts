// A work order goes on when the operation that was begun for it ends, in the same transaction.
import type { OperationId, WorkOrderId } from '@rackwright/domain/ids.ts';
import type { StoredError } from '@rackwright/workflow-engine/step-log.ts';
import { findAnswer } from '../operations/answer-operation.ts';
import type { Transaction } from '../transaction.ts';
import { lockWorkOrder, moveWorkOrder } from './move-work-order.ts';

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
    return;
  }
  const write = { problem, validation, attempts: waiting.attempts + 1, assignee: null, powerWord: null };
  await moveWorkOrder(tx, order, { event: 'reopen', by, operationId, write });
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

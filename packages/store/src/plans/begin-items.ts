// Beginning items of a bulk operation: through the same door as a person's request, each on its own, and none on a server that was not planned like this.
import { type Facts, Refusal } from '@rackwright/domain/errors.ts';
import type { BulkOperationId, OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { basisChanges } from '@rackwright/domain/plans/plan-changes.ts';
import { basisOf, type PlanBasis, type PlanSubject } from '@rackwright/domain/plans/plan-subject.ts';
import { newId } from '../new-id.ts';
import { beginOperation, type BeginOperation } from '../operations/begin-operation.ts';
import type { Transaction } from '../transaction.ts';
import type { DrivenBulk } from './driven-bulk.ts';
import { readSubjects } from './read-subjects.ts';

type Item = { position: number; serverId: ServerId; basis: PlanBasis };

/** The operations that began. An item that is refused has its result at once. */
export async function beginItems(
  tx: Transaction,
  bulk: DrivenBulk,
  positions: readonly number[],
  wave: number,
): Promise<OperationId[]> {
  const items = await tx.query<Item>(
    'select position, server_id as "serverId", basis from bulk_items where bulk_id = $1 and position = any($2) order by position',
    [bulk.id, positions],
  );
  const subjects = await readSubjects(tx, { ids: items.map(({ serverId }) => serverId) }, items.length);
  const now = new Map(subjects.map((subject) => [subject.id, subject]));
  const begun: OperationId[] = [];
  for (const item of items) {
    const id = newId('operation');
    const refusal = refuseOther(item, now.get(item.serverId)) ?? (await begin(tx, bulk, item, id));
    await note(tx, bulk.id, item.position, wave, refusal ?? id);
    if (!refusal) begun.push(id);
  }
  return begun;
}

/** Hours may lie between the plan and this wave. A new label or address is no other server; another state or disk is. */
function refuseOther({ basis }: Item, subject: PlanSubject | undefined): { code: string; facts: Facts } | undefined {
  if (!subject) return { code: 'not_found', facts: { kind: 'server' } };
  const [change] = basisChanges(basis, basisOf(subject), ['state', 'allocation', 'hardware']);
  return change && { code: 'plan_stale', facts: { changed: change.code, what: change.message } };
}

async function begin(
  tx: Transaction,
  { id: bulkId, event, params, requestedBy, reason }: DrivenBulk,
  { serverId }: Item,
  id: OperationId,
): Promise<Pick<Refusal, 'code' | 'facts'> | undefined> {
  const why = reason === '' ? `bulk operation ${bulkId}` : `${reason} (bulk operation ${bulkId})`;
  try {
    await tx.savepoint(() =>
      beginOperation(tx, id, { serverId, event: event as BeginOperation['event'], params, requestedBy, reason: why }),
    );
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

async function note(
  tx: Transaction,
  bulkId: BulkOperationId,
  position: number,
  wave: number,
  came: OperationId | Pick<Refusal, 'code' | 'facts'>,
): Promise<void> {
  if (typeof came === 'string') {
    await tx.query(
      `update bulk_items set state = 'running', wave = $3, operation_id = $4, begun_at = clock_timestamp()
        where bulk_id = $1 and position = $2`,
      [bulkId, position, wave, came],
    );
    return;
  }
  await tx.query(
    `update bulk_items set state = 'refused', wave = $3, error = $4, begun_at = clock_timestamp(), ended_at = clock_timestamp()
      where bulk_id = $1 and position = $2`,
    [bulkId, position, wave, JSON.stringify({ code: came.code, facts: came.facts })],
  );
}

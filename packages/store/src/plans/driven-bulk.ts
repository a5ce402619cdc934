// What whoever drives a bulk operation holds in hand: its row, locked, and what one step of it came to.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { BulkOperationId, OperationId } from '@rackwright/domain/ids.ts';
import type { Waves } from '@rackwright/domain/plans/waves.ts';
import type { Transaction } from '../transaction.ts';
import type { BulkState } from './read-bulk.ts';

export type DrivenBulk = {
  id: BulkOperationId;
  event: string;
  params: Record<string, unknown>;
  reason: string;
  requestedBy: string;
  waves: Waves;
  state: BulkState;
  /** Of the database, in milliseconds: every worker goes by the same clock. */
  now: number;
};

export type BulkStep = {
  /** To be woken. */
  begun: OperationId[];
  /** There may be more to do at once. */
  again: boolean;
};

/** Undefined: it is over, or another process has it now. */
export async function takeBulk(tx: Transaction, id: BulkOperationId): Promise<DrivenBulk | undefined> {
  const [bulk] = await tx.query<DrivenBulk>(
    `select id, event, params, reason, requested_by as "requestedBy", waves, state,
            extract(epoch from clock_timestamp())::float8 * 1000 as now
       from bulk_operations where id = $1 and finished_at is null for update skip locked`,
    [id],
  );
  return bulk;
}

/** For whoever changes its state: nobody else does until the transaction ends. Refusals `not_found`, `bulk_operation_finished`. */
export async function lockBulk(tx: Transaction, id: BulkOperationId): Promise<{ state: BulkState }> {
  const [bulk] = await tx.query<{ state: BulkState }>('select state from bulk_operations where id = $1 for update', [id]);
  if (!bulk) throw new Refusal('not_found', { kind: 'bulk_operation', id });
  if (bulk.state === 'cancelled' || bulk.state === 'finished')
    throw new Refusal('bulk_operation_finished', { id, state: bulk.state });
  return bulk;
}

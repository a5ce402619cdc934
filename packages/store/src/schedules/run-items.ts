// What a run picked and left alone, and what came of each: written as it comes, so that another worker goes on where one died.
import type { Facts } from '@rackwright/domain/errors.ts';
import type { ClusterId, OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { ItemReason } from '@rackwright/domain/schedules/item-reasons.ts';
import type { StoredError } from '@rackwright/workflow-engine/step-log.ts';
import type { Database } from '../database.ts';
import { newId } from '../new-id.ts';
import { beginOperation, type BeginOperation } from '../operations/begin-operation.ts';
import { inTransaction } from '../transaction.ts';
import { lockClaim, type RunClaim } from './run-claims.ts';

export type ItemSubject = { kind: 'server'; id: ServerId; name: string } | { kind: 'cluster'; id: ClusterId; name: string };
/** `result`: nothing is left to be done for it, this came of it. */
export type PickedItem = {
  subject: ItemSubject;
  picked: boolean;
  reason: ItemReason;
  facts: Facts;
  result?: Record<string, unknown>;
};

export const ITEM_STATES = ['skipped', 'open', 'waiting', 'done', 'failed'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

export type ItemRecord = {
  position: number;
  subject: ItemSubject;
  state: ItemState;
  reason: ItemReason;
  facts: Facts;
  operationId: OperationId | null;
  result: Record<string, unknown> | null;
  error: StoredError | null;
  updatedAt: string;
};

/** An item that is not at its end, with the operation that was begun for it last, and how that stands. */
export type OpenItem = ItemRecord & {
  operation: { id: OperationId; type: string; state: string; error: StoredError | null } | null;
};

export type ItemOutcome =
  | { state: 'done'; result: Record<string, unknown> }
  | { state: 'failed'; error: StoredError; result?: Record<string, unknown> }
  | { state: 'skipped'; reason: ItemReason; facts: Facts };

export const SELECT_ITEM = `
  select i.position, jsonb_build_object('kind', i.subject_kind, 'id', i.subject_id, 'name', i.subject_name) as subject, i.state, i.reason,
         i.facts, i.operation_id as "operationId", i.result, i.error, i.updated_at as "updatedAt"
    from schedule_run_items i`;

/** Once per run, all of them with one statement. Throws StaleRun. */
export function savePicks(database: Database, claim: RunClaim, items: readonly PickedItem[]): Promise<void> {
  return inTransaction(database, async (tx) => {
    await lockClaim(tx, claim);
    const marked = await tx.query(
      'update schedule_runs set picked_at = clock_timestamp() where id = $1 and picked_at is null returning id',
      [claim.runId],
    );
    if (marked.length === 0) return;
    await tx.query(
      `insert into schedule_run_items (run_id, position, subject_kind, subject_id, subject_name, state, reason, facts, result)
       select $1, nth - 1, item->'subject'->>'kind', item->'subject'->>'id', item->'subject'->>'name',
              case when not (item->>'picked')::boolean then 'skipped' when item ? 'result' then 'done' else 'open' end,
              item->>'reason', item->'facts', item->'result'
         from jsonb_array_elements($2::jsonb) with ordinality e(item, nth)`,
      [claim.runId, JSON.stringify(items)],
    );
  });
}

/** Not at their end, in the order in which they were picked. */
export function openItems(database: Database, { runId }: RunClaim): Promise<OpenItem[]> {
  return database.query<OpenItem>(
    `select x.*, case when o.id is not null then
              jsonb_build_object('id', o.id, 'type', o.type, 'state', o.state, 'error', o.error) end as operation
       from (${SELECT_ITEM} where i.run_id = $1 and i.state in ('open', 'waiting')) x
       left join operations o on o.id = x."operationId" order by x.position`,
    [runId],
  );
}

/** All of them, for the report. */
export function allItems(database: Database, { runId }: RunClaim): Promise<ItemRecord[]> {
  return database.query<ItemRecord>(`${SELECT_ITEM} where i.run_id = $1 order by i.position`, [runId]);
}

/** May be repeated. Throws StaleRun. */
export function recordItem(database: Database, claim: RunClaim, position: number, outcome: ItemOutcome): Promise<void> {
  return inTransaction(database, async (tx) => {
    await lockClaim(tx, claim);
    const result = outcome.state === 'skipped' ? undefined : outcome.result;
    await tx.query(
      `update schedule_run_items set state = $3, result = coalesce($4, result), error = $5, reason = coalesce($6, reason),
              facts = facts || coalesce($7, '{}')::jsonb, updated_at = clock_timestamp()
        where run_id = $1 and position = $2`,
      [
        ...[claim.runId, position, outcome.state, result === undefined ? null : JSON.stringify(result)],
        outcome.state === 'failed' ? JSON.stringify(outcome.error) : null,
        ...(outcome.state === 'skipped' ? [outcome.reason, JSON.stringify(outcome.facts)] : [null, null]),
      ],
    );
  });
}

/** The operation and the item's word of it in one transaction: a run never begins the same thing twice. Refusals of `beginOperation`. */
export function beginForItem(
  database: Database,
  claim: RunClaim,
  { position, operationId }: Pick<OpenItem, 'position' | 'operationId'>,
  request: Omit<BeginOperation, 'requestedBy'>,
): Promise<OperationId> {
  return inTransaction(database, async (tx) => {
    await lockClaim(tx, claim);
    const id = newId('operation');
    await beginOperation(tx, id, { ...request, requestedBy: `schedule ${claim.schedule}` });
    await tx.query(
      `update schedule_run_items set state = 'waiting', operation_id = $3, updated_at = clock_timestamp()
        where run_id = $1 and position = $2 and operation_id is not distinct from $4`,
      [claim.runId, position, id, operationId],
    );
    return id;
  });
}

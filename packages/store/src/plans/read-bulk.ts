// A bulk operation as the API shows it: how far it is, what it waits for, and what became of each item.
import { type Facts, Refusal } from '@rackwright/domain/errors.ts';
import type { BulkOperationId, OperationId, PlanId, ServerId } from '@rackwright/domain/ids.ts';
import type { ItemState, Waves } from '@rackwright/domain/plans/waves.ts';
import type { OperationEvent } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import type { Sql } from '../database.ts';

export type BulkState = 'running' | 'paused' | 'stopped' | 'cancelling' | 'cancelled' | 'finished';
export type BulkWaiting = { code: string; facts: Facts; since: string; until: string | null; unblockedBy: string };
export type ItemError = { code: string; facts: Facts };
/** Why it stopped by itself, and which servers failed: at most fifty, and how many there are. */
export type Stopped = {
  because: 'canary_failed' | 'too_many_failures';
  failures: number;
  failed: { server: string; code: string }[];
};

export type BulkRecord = {
  id: BulkOperationId;
  planId: PlanId;
  event: OperationEvent;
  params: Record<string, unknown>;
  reason: string;
  requestedBy: string;
  waves: Waves;
  state: BulkState;
  stateSince: string;
  stateBy: string;
  stopped: Stopped | null;
  waitingFor: BulkWaiting | null;
  createdAt: string;
  finishedAt: string | null;
  counts: Partial<Record<ItemState, number>>;
  wave: number | null;
};

export type BulkItemRecord = {
  position: number;
  serverId: ServerId;
  serverName: string;
  state: ItemState;
  wave: number | null;
  operationId: OperationId | null;
  begunAt: string | null;
  endedAt: string | null;
  error: ItemError | null;
};

/** Ends before `where`; the alias is b. */
export const SELECT_BULK = `
  select b.id, b.plan_id as "planId", b.event, b.params, b.reason, b.requested_by as "requestedBy", b.waves, b.state,
         b.state_since as "stateSince", b.state_by as "stateBy", b.stopped, b.waiting_for as "waitingFor",
         b.created_at as "createdAt", b.finished_at as "finishedAt",
         (select max(i.wave) from bulk_items i where i.bulk_id = b.id) as wave,
         (select jsonb_object_agg(c.state, c.items)
            from (select i.state, count(*) as items from bulk_items i where i.bulk_id = b.id group by i.state) c) as counts
    from bulk_operations b`;

/** Refusal `not_found`. */
export async function readBulk(sql: Sql, id: BulkOperationId): Promise<BulkRecord> {
  const [row] = await sql.query<BulkRecord>(`${SELECT_BULK} where b.id = $1`, [id]);
  if (!row) throw new Refusal('not_found', { kind: 'bulk_operation', id });
  return row;
}

// One step of a bulk operation: see what ended, decide what begins, begin it. All in one transaction that holds the operation's row:
// two workers cannot begin an item twice, and what a dead one had begun to do never happened.
import type { BulkOperationId } from '@rackwright/domain/ids.ts';
import { type BulkItem, nextItems, type NextItems } from '@rackwright/domain/plans/waves.ts';
import type { Database } from '../database.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { beginItems } from './begin-items.ts';
import { endBulk, setWaiting, stopBulk } from './bulk-state.ts';
import { type BulkStep, type DrivenBulk, takeBulk } from './driven-bulk.ts';

export type BulkDriver = {
  /** Bulk operations with an item that ended, or whose time has come; oldest first. */
  due(limit: number): Promise<BulkOperationId[]>;
  /** Harmless at any time. Undefined: it is over, or another process has it now. */
  advance(id: BulkOperationId): Promise<BulkStep | undefined>;
};

export function postgresBulkDriver(database: Database): BulkDriver {
  return {
    async due(limit) {
      const rows = await database.query<{ id: BulkOperationId }>(
        `select b.id from bulk_operations b
          where b.finished_at is null
            and (b.look_at <= clock_timestamp() or exists (
                   select from bulk_items i join operations o on o.id = i.operation_id
                    where i.bulk_id = b.id and i.state = 'running' and o.state <> 'running'))
          order by b.id limit $1`,
        [limit],
      );
      return rows.map(({ id }) => id);
    },

    advance: (id) =>
      inTransaction(database, async (tx) => {
        const bulk = await takeBulk(tx, id);
        return bulk && step(tx, bulk);
      }),
  };
}

async function step(tx: Transaction, bulk: DrivenBulk): Promise<BulkStep> {
  await noteEnded(tx, bulk.id);
  const items = await readItems(tx, bulk.id);
  const running = items.filter(({ state }) => state === 'running').length;
  const pending = items.filter(({ state }) => state === 'pending').length;
  // Nothing is left to hold back: whoever paused it need not say any more.
  if (running + pending === 0) return endBulk(tx, bulk, bulk.state === 'cancelling' ? 'cancelled' : 'finished');
  if (bulk.state === 'running') return carryOut(tx, bulk, items, nextItems(bulk.waves, items, bulk.now));
  await setWaiting(tx, bulk, { running });
  return { begun: [], again: false };
}

async function carryOut(tx: Transaction, bulk: DrivenBulk, items: readonly BulkItem[], next: NextItems): Promise<BulkStep> {
  switch (next.do) {
    case 'begin': {
      if (!items.some(({ wave }) => wave === next.wave)) {
        const payload = { wave: next.wave, servers: next.positions.length };
        tx.emit({ kind: 'bulk_operation.wave_begun', subject: { kind: 'bulk_operation', id: bulk.id }, payload });
      }
      const begun = await beginItems(tx, bulk, next.positions, next.wave);
      // Should we die now, the next look goes on from here.
      await tx.query('update bulk_operations set look_at = clock_timestamp() where id = $1', [bulk.id]);
      return { begun, again: true };
    }
    case 'stop':
      return stopBulk(tx, bulk, next.because, next.failed);
    case 'wait':
      await setWaiting(tx, bulk, { on: next.for, running: next.running });
      return { begun: [], again: false };
    case 'pause':
      await setWaiting(tx, bulk, { on: 'pause', until: next.until });
      return { begun: [], again: false };
    case 'finish':
      return endBulk(tx, bulk, 'finished');
  }
}

/** What an operation ended with is its item's result. */
async function noteEnded(tx: Transaction, id: BulkOperationId): Promise<void> {
  await tx.query(
    `update bulk_items i
        set state = o.state::text, ended_at = o.finished_at,
            error = case when o.error is not null then jsonb_build_object('code', o.error->'code', 'facts', coalesce(o.error->'facts', '{}')) end
       from operations o
      where i.bulk_id = $1 and i.state = 'running' and o.id = i.operation_id and o.state <> 'running'`,
    [id],
  );
}

function readItems(tx: Transaction, id: BulkOperationId): Promise<BulkItem[]> {
  return tx.query<BulkItem>(
    `select position, rack_id as rack, state, wave, forgiven, extract(epoch from ended_at)::float8 * 1000 as "endedAt"
       from bulk_items where bulk_id = $1 order by position`,
    [id],
  );
}

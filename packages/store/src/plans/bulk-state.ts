// How a bulk operation changes: what it waits for, why it stops by itself, how it ends.
import type { Facts } from '@rackwright/domain/errors.ts';
import { instantSql } from '../instant-sql.ts';
import type { Transaction } from '../transaction.ts';
import type { BulkStep, DrivenBulk } from './driven-bulk.ts';
import type { BulkState, Stopped } from './read-bulk.ts';

type Waits = { on?: 'canary' | 'wave' | 'items' | 'pause'; running?: number; until?: number };
type Reason = { code: string; unblockedBy: string };

const BY_STATE: Partial<Record<BulkState, Reason>> = {
  paused: { code: 'bulk_paused', unblockedBy: 'a person who resumes or cancels it' },
  stopped: { code: 'bulk_stopped', unblockedBy: 'a person who looks at the failures, then resumes or cancels it' },
  cancelling: { code: 'bulk_cancelling', unblockedBy: 'the operations that run ending' },
};
const WHILE_RUNNING: Record<NonNullable<Waits['on']>, Reason> = {
  canary: { code: 'bulk_canary', unblockedBy: 'the canary succeeding' },
  wave: { code: 'bulk_wave', unblockedBy: 'one of the running operations ending' },
  items: { code: 'bulk_last_items', unblockedBy: 'the running operations ending' },
  pause: { code: 'bulk_pause_between_waves', unblockedBy: 'the end of the pause between two waves' },
};

/** The next look is due when an item ends, or at `until`. What it waited for already it waits for since then. */
export async function setWaiting(tx: Transaction, { id, state }: Pick<DrivenBulk, 'id' | 'state'>, waits: Waits): Promise<void> {
  const { code, unblockedBy } = BY_STATE[state] ?? WHILE_RUNNING[waits.on ?? 'items'];
  const facts: Facts = waits.running === undefined ? {} : { running: waits.running };
  const until = waits.until === undefined ? null : new Date(waits.until).toISOString();
  await tx.query(
    `update bulk_operations b
        set look_at = $5,
            waiting_for = jsonb_build_object(
              'code', $2::text, 'facts', $3::jsonb, 'unblockedBy', $4::text,
              'since', case when b.waiting_for->>'code' = $2 then b.waiting_for->'since' else to_jsonb(${NOW}) end,
              'until', coalesce(to_jsonb($6::text), to_jsonb((
                 select ${instantSql('max(o.deadline_at)')} from bulk_items i join operations o on o.id = i.operation_id
                  where i.bulk_id = b.id and i.state = 'running'))))
      where b.id = $1`,
    [id, code, JSON.stringify(facts), unblockedBy, until, until],
  );
}

const NOW = instantSql('clock_timestamp()');

const MOST_NAMED = 50;

export async function stopBulk(
  tx: Transaction,
  bulk: DrivenBulk,
  because: Stopped['because'],
  positions: readonly number[],
): Promise<BulkStep> {
  const failed = await tx.query<{ server: string; code: string }>(
    `select server_name as server, coalesce(error->>'code', 'internal_error') as code from bulk_items
      where bulk_id = $1 and position = any($2) order by position limit ${MOST_NAMED}`,
    [bulk.id, positions],
  );
  const stopped: Stopped = { because, failures: positions.length, failed };
  await tx.query(
    `update bulk_operations set state = 'stopped', state_since = clock_timestamp(), state_by = '', stopped = $2 where id = $1`,
    [bulk.id, JSON.stringify(stopped)],
  );
  const payload = { because, failures: positions.length, failed: failed.map(({ server }) => server) };
  tx.emit({ kind: 'bulk_operation.stopped', subject: { kind: 'bulk_operation', id: bulk.id }, payload });
  // The next look says what a stopped one waits for.
  await tx.query('update bulk_operations set look_at = clock_timestamp() where id = $1', [bulk.id]);
  return { begun: [], again: true };
}

export async function endBulk(tx: Transaction, { id }: DrivenBulk, state: 'finished' | 'cancelled'): Promise<BulkStep> {
  await tx.query(
    `update bulk_operations
        set state = $2, state_since = clock_timestamp(), finished_at = clock_timestamp(), waiting_for = null, look_at = null
      where id = $1`,
    [id, state],
  );
  const results = await tx.query<{ state: string; items: number }>(
    'select state, count(*) as items from bulk_items where bulk_id = $1 group by state',
    [id],
  );
  const payload = { state, ...Object.fromEntries(results.map((row) => [row.state, row.items])) };
  tx.emit({ kind: 'bulk_operation.ended', subject: { kind: 'bulk_operation', id }, payload });
  return { begun: [], again: false };
}

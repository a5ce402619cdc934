// Bulk operations as the API shows, pauses, resumes and cancels them.
import type { BulkOperationId, OperationId } from '@rackwright/domain/ids.ts';
import type { ItemState } from '@rackwright/domain/plans/waves.ts';
import { type Page, type PageRequest, pageOf, type Work } from '../inventory/work.ts';
import { requestCancel } from '../operations/signal-operation.ts';
import type { Transaction } from '../transaction.ts';
import { setWaiting } from './bulk-state.ts';
import { lockBulk } from './driven-bulk.ts';
import { type BulkItemRecord, type BulkRecord, type BulkState, readBulk, SELECT_BULK } from './read-bulk.ts';

export type CancelBulk = { running: 'finish' | 'cancel'; by: string; reason: string };

export function postgresBulkOperations(work: Work) {
  return {
    get: (id: BulkOperationId): Promise<BulkRecord> => readBulk(work.read, id),

    /** Newest first: ids sort by time. */
    async list({ limit, after }: PageRequest, filter: { state?: BulkState | undefined }): Promise<Page<BulkRecord>> {
      const rows = await work.read.query<BulkRecord>(
        `${SELECT_BULK} where ($1::text is null or b.id < $1) and ($2::text is null or b.state = $2) order by b.id desc limit $3`,
        [after, filter.state ?? null, limit + 1],
      );
      return pageOf(rows, limit, ({ id }) => id);
    },

    /** In the order in which they are begun. */
    async items(
      id: BulkOperationId,
      { limit, after }: PageRequest,
      filter: { state?: ItemState | undefined },
    ): Promise<Page<BulkItemRecord>> {
      const rows = await work.read.query<BulkItemRecord>(
        `select position, server_id as "serverId", server_name as "serverName", state, wave, operation_id as "operationId",
                begun_at as "begunAt", ended_at as "endedAt", error
           from bulk_items where bulk_id = $1 and position > $2 and ($3::text is null or state = $3) order by position limit $4`,
        [id, after ?? -1, filter.state ?? null, limit + 1],
      );
      return pageOf(rows, limit, ({ position }) => String(position));
    },

    /** Nothing more begins; what runs goes on. May be repeated. Refusals `not_found`, `bulk_operation_finished`. */
    pause: (id: BulkOperationId, by: string): Promise<BulkRecord> =>
      work.write(async (tx) => {
        const { state } = await lockBulk(tx, id);
        if (state === 'running') await setState(tx, id, 'paused', by, 'paused');
        return readBulk(tx, id);
      }),

    /** Failures so far are forgiven: only later ones stop it again. May be repeated. Refusals as `pause`. */
    resume: (id: BulkOperationId, by: string): Promise<BulkRecord> =>
      work.write(async (tx) => {
        const { state } = await lockBulk(tx, id);
        if (state === 'paused' || state === 'stopped') {
          if (state === 'stopped') await forgive(tx, id);
          await setState(tx, id, 'running', by, 'resumed');
        }
        return readBulk(tx, id);
      }),

    /** What did not begin is skipped. @returns also the operations that are to be woken to cancel themselves */
    cancel: (id: BulkOperationId, { running, by, reason }: CancelBulk): Promise<{ bulk: BulkRecord; cancelled: OperationId[] }> =>
      work.write(async (tx) => {
        const { state } = await lockBulk(tx, id);
        if (state !== 'cancelling') await setState(tx, id, 'cancelling', by, 'cancel_requested', reason);
        await tx.query(
          `update bulk_items set state = 'skipped', ended_at = clock_timestamp(), error = '{"code":"bulk_operation_cancelled","facts":{}}'
            where bulk_id = $1 and state = 'pending'`,
          [id],
        );
        const cancelled = running === 'cancel' ? await cancelRunning(tx, id, by, reason) : [];
        return { bulk: await readBulk(tx, id), cancelled };
      }),
  };
}

async function setState(
  tx: Transaction,
  id: BulkOperationId,
  state: BulkState,
  by: string,
  told: 'paused' | 'resumed' | 'cancel_requested',
  reason?: string,
): Promise<void> {
  await tx.query(
    `update bulk_operations
        set state = $2, state_by = $3, state_since = clock_timestamp(), waiting_for = null,
            stopped = case when $2 = 'running' then null else stopped end
      where id = $1`,
    [id, state, by],
  );
  if (state !== 'running') await setWaiting(tx, { id, state }, {});
  // Whoever drives it looks at once, also at what ended meanwhile.
  await tx.query('update bulk_operations set look_at = clock_timestamp() where id = $1', [id]);
  tx.emit({
    kind: `bulk_operation.${told}`,
    subject: { kind: 'bulk_operation', id },
    payload: { by, ...(reason === undefined ? {} : { reason }) },
  });
}

async function forgive(tx: Transaction, id: BulkOperationId): Promise<void> {
  await tx.query(`update bulk_items set forgiven = true where bulk_id = $1 and state in ('failed', 'refused')`, [id]);
}

async function cancelRunning(tx: Transaction, id: BulkOperationId, by: string, reason: string): Promise<OperationId[]> {
  const running = await tx.query<{ id: OperationId }>(
    `select o.id from bulk_items i join operations o on o.id = i.operation_id
      where i.bulk_id = $1 and i.state = 'running' and o.state = 'running' order by o.id for no key update of o`,
    [id],
  );
  for (const operation of running) await requestCancel(tx, operation.id, by, reason);
  return running.map((operation) => operation.id);
}

// What was or will be sent to a webhook's receiver: the line that waits and the log of what happened, in one table.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { DeliveryId, WebhookId } from '@rackwright/domain/ids.ts';
import type { WebhookMessage } from '@rackwright/domain/webhooks/message.ts';
import type { Sql } from '../database.ts';
import { type Page, type PageRequest, pageOf } from '../inventory/work.ts';
import { newId } from '../new-id.ts';

export type DeliveryState = 'pending' | 'delivered' | 'given_up';

export type Attempt = {
  at: string;
  /** Null: no answer. */
  status: number | null;
  error: string | null;
  /** How the receiver's answer began. */
  answer: string;
  durationMs: number;
};

export type DeliveryRecord = {
  id: DeliveryId;
  messageId: string;
  type: string;
  state: DeliveryState;
  attempts: number;
  createdAt: string;
  /** Null once it ended. */
  nextAttemptAt: string | null;
  endedAt: string | null;
  /** The last ten, newest first. */
  log: Attempt[];
};
export type DeliveryWithBody = DeliveryRecord & { body: string };

const KEPT_DAYS = 7;
const KEPT_PER_WEBHOOK = 10_000;
const MOST_FORGOTTEN = 10_000;

const COLUMNS = `id, message_id as "messageId", type, state, attempts, created_at as "createdAt", ended_at as "endedAt", log,
  case when state = 'pending' then next_attempt_at end as "nextAttemptAt"`;

/** In the order in which they are given. What is there already is not added again. */
export async function addDeliveries(
  sql: Sql,
  webhookId: WebhookId,
  messages: readonly (WebhookMessage & { seq: number })[],
): Promise<DeliveryId[]> {
  if (messages.length === 0) return [];
  const rows = messages.map((message) => ({ deliveryId: newId('delivery'), ...message }));
  await sql.query(
    `insert into webhook_deliveries (id, webhook_id, message_id, type, lane, seq, body)
     select m->>'deliveryId', $1, m->>'id', m->>'type', m->>'lane', (m->>'seq')::bigint, m->>'body'
       from jsonb_array_elements($2::jsonb) m
     on conflict (webhook_id, message_id) do nothing`,
    [webhookId, JSON.stringify(rows)],
  );
  await lookNow(sql, webhookId);
  return rows.map(({ deliveryId }) => deliveryId);
}

/** The worker is to look at this webhook's line. */
export async function lookNow(sql: Sql, webhookId: WebhookId): Promise<void> {
  await sql.query('update webhooks set look_at = now() where id = $1', [webhookId]);
}

/** Refusal `not_found`. */
export async function readDelivery(sql: Sql, webhookId: WebhookId, id: DeliveryId): Promise<DeliveryWithBody> {
  const [row] = await sql.query<DeliveryWithBody>(
    `select ${COLUMNS}, body from webhook_deliveries where webhook_id = $1 and id = $2`,
    [webhookId, id],
  );
  if (!row) throw new Refusal('not_found', { kind: 'delivery', id });
  return row;
}

/** Newest first. */
export async function listDeliveries(
  sql: Sql,
  webhookId: WebhookId,
  { limit, after }: PageRequest,
  filter: { state?: DeliveryState | undefined },
): Promise<Page<DeliveryRecord>> {
  const [at, seq, id] = after === null ? [null, null, null] : (JSON.parse(after) as [string, number, string]);
  const rows = await sql.query<DeliveryRecord & { seq: number }>(
    `select ${COLUMNS}, seq from webhook_deliveries
      where webhook_id = $1 and ($2::timestamptz is null or (created_at, seq, id) < ($2, $3::bigint, $4::text)) and ($5::text is null or state = $5)
      order by created_at desc, seq desc, id desc limit $6`,
    [webhookId, at, seq, id, filter.state ?? null, limit + 1],
  );
  const { items, next } = pageOf(rows, limit, (row) => JSON.stringify([row.createdAt, row.seq, row.id]));
  return { items: items.map(({ seq: _seq, ...delivery }) => delivery), next };
}

/** One that ended leaves again, in a lane of its own; one that waits is due now, in its turn. */
export async function sendAgain(sql: Sql, webhookId: WebhookId, id: DeliveryId): Promise<void> {
  await sql.query(
    `update webhook_deliveries
        set next_attempt_at = now(), state = 'pending', ended_at = null,
            lane = case when state = 'pending' then lane else 'again ' || id end,
            attempts = case when state = 'pending' then attempts else 0 end,
            first_attempt_at = case when state = 'pending' then first_attempt_at end
      where webhook_id = $1 and id = $2`,
    [webhookId, id],
  );
  await lookNow(sql, webhookId);
}

/** A bounded bite of what ended long ago, or of what is too much. @returns how many */
export async function forgetDeliveries(sql: Sql): Promise<number> {
  const gone = await sql.query(
    `delete from webhook_deliveries where id in (
       select id from (select id, ended_at, row_number() over (partition by webhook_id order by created_at desc, seq desc) as nth
                         from webhook_deliveries where state <> 'pending') ended
        where ended_at < now() - make_interval(days => ${KEPT_DAYS}) or nth > ${KEPT_PER_WEBHOOK} limit ${MOST_FORGOTTEN}) returning 1`,
  );
  return gone.length;
}

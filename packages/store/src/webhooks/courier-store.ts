// What the worker that delivers reads and writes: whose turn it is, what is due, what came of it.
import type { DeliveryPolicy } from '@rackwright/domain/webhooks/delivery-policy.ts';
import type { Database } from '../database.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { type Attempted, recordAttempt } from './record-attempt.ts';
import { readOutbox } from './read-outbox.ts';
import { lockLease, type WebhookLease } from './webhook-lease.ts';
import { signingSecrets } from './webhook-secrets.ts';

export type DueDelivery = { id: string; messageId: string; type: string; lane: string; body: string };
export type Due = { url: string; secrets: string[]; deliveries: DueDelivery[] };

export type CourierStore = {
  /** Webhooks that have something to do and that nobody serves. @param forMs  until it counts as dead */
  claim(by: string, forMs: number, limit: number): Promise<WebhookLease[]>;
  /** False: it was taken over, switched off or deleted. */
  renew(lease: WebhookLease, forMs: number): Promise<boolean>;
  release(lease: WebhookLease): Promise<void>;
  /** Turns events that it has not read into deliveries, as many as its line has room for. False: the lease is lost. */
  readOutbox(lease: WebhookLease): Promise<boolean>;
  /** The first message of each lane, where it is due. Undefined: the lease is lost, or the webhook is switched off. */
  due(lease: WebhookLease, busyLanes: readonly string[], limit: number): Promise<Due | undefined>;
  /** Harmless when the lease is lost: the message is sent again by whoever has it. */
  record(lease: WebhookLease, deliveryId: string, attempted: Attempted, policy: DeliveryPolicy): Promise<void>;
};

export function postgresCourierStore(database: Database, keyring: Keyring): CourierStore {
  return {
    claim: (by, forMs, limit) => claim(database, by, forMs, limit),
    async renew({ webhookId, fence }, forMs) {
      const renewed = await database.query(
        `update webhooks set lease_until = clock_timestamp() + make_interval(secs => $3)
          where id = $1 and lease_fence = $2 and enabled returning id`,
        [webhookId, fence, forMs / 1000],
      );
      return renewed.length > 0;
    },
    release: (lease) => inTransaction(database, (tx) => release(tx, lease)),
    readOutbox: (lease) =>
      inTransaction(database, async (tx) => {
        const webhook = await lockLease(tx, lease);
        if (webhook?.enabled) await readOutbox(tx, webhook);
        return webhook?.enabled ?? false;
      }),
    due: (lease, busyLanes, limit) => due(database, keyring, lease, { busyLanes, limit }),
    record: (lease, deliveryId, attempted, policy) =>
      inTransaction(database, async (tx) => {
        const webhook = await lockLease(tx, lease);
        if (webhook) await recordAttempt(tx, webhook, deliveryId, attempted, policy);
      }),
  };
}

/** In no order: none is always the last. */
async function claim(database: Database, by: string, forMs: number, limit: number): Promise<WebhookLease[]> {
  return database.query<WebhookLease>(
    `update webhooks set lease_fence = lease_fence + 1, lease_by = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
      where id in (
        select w.id from webhooks w cross join event_sequence s
         where w.enabled and (w.lease_until is null or w.lease_until < clock_timestamp())
           and (w.cursor_seq < s.last_seq or w.look_at <= clock_timestamp())
         order by random() limit $3 for update of w skip locked)
      returning id as "webhookId", lease_fence as fence`,
    [by, forMs / 1000, limit],
  );
}

/** The first of each lane; alias d. The parameter $1 is the webhook. */
const HEADS = `(select distinct on (lane) id, lane, seq, next_attempt_at from webhook_deliveries
                 where webhook_id = $1 and state = 'pending' order by lane, seq) d`;

async function release(tx: Transaction, lease: WebhookLease): Promise<void> {
  // Locked before the line is looked at, so that a message that comes meanwhile is seen here or sets `look_at` after us.
  if (!(await lockLease(tx, lease))) return;
  await tx.query(
    `update webhooks set lease_until = null, lease_by = null, look_at = (select min(d.next_attempt_at) from ${HEADS}) where id = $1`,
    [lease.webhookId],
  );
}

async function due(
  database: Database,
  keyring: Keyring,
  { webhookId, fence }: WebhookLease,
  { busyLanes, limit }: { busyLanes: readonly string[]; limit: number },
): Promise<Due | undefined> {
  const [webhook] = await database.query<{ url: string }>(
    'select url from webhooks where id = $1 and lease_fence = $2 and enabled and lease_until > clock_timestamp()',
    [webhookId, fence],
  );
  if (!webhook) return undefined;
  const deliveries = await database.query<DueDelivery>(
    `select m.id, m.message_id as "messageId", m.type, m.lane, m.body
       from (select d.id from ${HEADS} where d.next_attempt_at <= clock_timestamp() and not d.lane = any ($2)
              order by d.next_attempt_at, d.seq limit $3) due
       join webhook_deliveries m on m.id = due.id order by m.next_attempt_at, m.seq`,
    [webhookId, busyLanes, limit],
  );
  const secrets = deliveries.length === 0 ? [] : await signingSecrets(database, keyring, webhookId);
  return { ...webhook, secrets, deliveries };
}

// Webhooks as the API makes, changes, tries out and removes them. Who delivers is in courier-store.ts.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { DeliveryId, WebhookId } from '@rackwright/domain/ids.ts';
import { testMessage } from '@rackwright/domain/webhooks/message.ts';
import { listTable, type Table, tableCollection } from '../inventory/table-collection.ts';
import type { PageRequest, Work } from '../inventory/work.ts';
import { newId } from '../new-id.ts';
import type { Keyring } from '../secrets/keyring.ts';
import type { Transaction } from '../transaction.ts';
import {
  addDeliveries,
  type DeliveryState,
  type DeliveryWithBody,
  listDeliveries,
  readDelivery,
  sendAgain,
} from './delivery-log.ts';
import { SELECT_WEBHOOK, type WebhookRecord } from './read-webhook.ts';
import { addSecret, replaceSecret } from './webhook-secrets.ts';

export type NewWebhook = {
  name: string;
  url: string;
  kinds: string[];
  subjectId: string | null;
  /** Sealed when it is stored; changed only by rotating. */
  secret: string;
};

/** What waits when a webhook is switched on again: sent, or passed over. */
export type Backlog = 'deliver' | 'skip';

const MOST_WEBHOOKS = 100;
const MOST_TESTS = 10;

const webhooksTable = (keyring: Keyring): Table<NewWebhook> & { kind: 'webhook' } => ({
  kind: 'webhook',
  table: 'webhooks',
  select: SELECT_WEBHOOK,
  columns: { name: 'name', url: 'url', kinds: 'kinds', subjectId: 'subject_id' },
  meanings: ({ name = '' }) => ({ webhooks_name_key: () => new Refusal('name_taken', { kind: 'webhook', name }) }),
  async writeParts(tx, id, { secret }) {
    // Only a new one comes with a secret.
    if (secret === undefined) return;
    const [known] = await tx.query<{ count: number }>('select count(*) from webhooks');
    if ((known?.count ?? 0) > MOST_WEBHOOKS) throw new Refusal('too_many_webhooks', { most: MOST_WEBHOOKS });
    await addSecret(tx, keyring, id as WebhookId, secret);
    await tx.query('update webhooks set cursor_seq = (select last_seq from event_sequence) where id = $1', [id]);
  },
});

export function postgresWebhooks(work: Work, keyring: Keyring) {
  const table = webhooksTable(keyring);
  const webhooks = tableCollection<'webhook', WebhookRecord, NewWebhook>(work, table);
  /** Nobody else changes it until the transaction ends; a deed that changes it answers with what it is then. */
  const changing = (id: WebhookId, deed: (tx: Transaction, current: Locked) => Promise<void>): Promise<WebhookRecord> =>
    work.write(async (tx) => {
      await deed(tx, await lockWebhook(tx, id));
      const [changed] = await tx.query<WebhookRecord>(`${SELECT_WEBHOOK} where t.id = $1`, [id]);
      return changed as WebhookRecord;
    });
  return {
    ...webhooks,
    list: (page: PageRequest, filter: { name?: string | undefined }) =>
      listTable<WebhookRecord>(work.read, table, page, { name: filter.name }),

    /** @param overlapSeconds  how long the older secrets go on signing beside the new one */
    rotateSecret: (id: WebhookId, secret: string, overlapSeconds: number): Promise<WebhookRecord> =>
      changing(id, async (tx) => {
        await replaceSecret(tx, keyring, { webhookId: id, secret, overlapSeconds });
        await tell(tx, id, 'webhook.secret_rotated', { overlapSeconds });
      }),

    /** May be repeated. */
    enable: (id: WebhookId, backlog: Backlog, by: string): Promise<WebhookRecord> =>
      changing(id, async (tx, { enabled }) => {
        if (!enabled) await enableLocked(tx, id, backlog, by);
      }),

    /** May be repeated. */
    disable: (id: WebhookId, by: string): Promise<WebhookRecord> =>
      changing(id, async (tx, { enabled }) => {
        if (enabled) await disableLocked(tx, id, { reason: 'operator', by });
      }),

    /** Puts a message in line that is sent once and not tried again. Refusals `webhook_disabled`, `too_many_tests`. */
    sendTest: (id: WebhookId, at: string): Promise<DeliveryWithBody> =>
      work.write(async (tx) => {
        const { name } = refuseDisabled(await lockWebhook(tx, id));
        const [waiting] = await tx.query<{ count: number }>(
          `select count(*) from webhook_deliveries where webhook_id = $1 and state = 'pending' and type = 'webhook.test'`,
          [id],
        );
        if ((waiting?.count ?? 0) >= MOST_TESTS) throw new Refusal('too_many_tests', { most: MOST_TESTS });
        const [added] = await addDeliveries(tx, id, [{ ...testMessage(newId('event'), { id, name }, at), seq: 0 }]);
        return readDelivery(tx, id, added as DeliveryId);
      }),

    deliveries: (id: WebhookId, page: PageRequest, filter: { state?: DeliveryState | undefined }) =>
      listDeliveries(work.read, id, page, filter),
    delivery: (id: WebhookId, deliveryId: DeliveryId) => readDelivery(work.read, id, deliveryId),

    /** The same message again, with the same id. Refusal `webhook_disabled`. */
    redeliver: (id: WebhookId, deliveryId: DeliveryId): Promise<DeliveryWithBody> =>
      work.write(async (tx) => {
        refuseDisabled(await lockWebhook(tx, id));
        await readDelivery(tx, id, deliveryId);
        await sendAgain(tx, id, deliveryId);
        return readDelivery(tx, id, deliveryId);
      }),
  };
}

type Locked = { name: string; enabled: boolean; disabledReason: string | null };

async function lockWebhook(tx: Transaction, id: WebhookId): Promise<Locked> {
  const [row] = await tx.query<Locked>(
    'select name, enabled, disabled_reason as "disabledReason" from webhooks where id = $1 for update',
    [id],
  );
  if (!row) throw new Refusal('not_found', { kind: 'webhook', id });
  return row;
}

function refuseDisabled(webhook: Locked): Locked {
  if (!webhook.enabled) throw new Refusal('webhook_disabled', { name: webhook.name, reason: webhook.disabledReason });
  return webhook;
}

async function enableLocked(tx: Transaction, id: WebhookId, backlog: Backlog, by: string): Promise<void> {
  if (backlog === 'skip') {
    await tx.query(
      `update webhook_deliveries set state = 'given_up', ended_at = now() where webhook_id = $1 and state = 'pending'`,
      [id],
    );
    await tx.query('update webhooks set cursor_seq = (select last_seq from event_sequence) where id = $1', [id]);
  }
  await tx.query(`update webhook_deliveries set next_attempt_at = now() where webhook_id = $1 and state = 'pending'`, [id]);
  await tx.query(
    `update webhooks set enabled = true, disabled_reason = null, disabled_at = null, failing_since = null, consecutive_failures = 0,
            look_at = now() where id = $1`,
    [id],
  );
  await tell(tx, id, 'webhook.enabled', { backlog, by });
}

/** The webhook must be locked by this transaction. */
export async function disableLocked(
  tx: Transaction,
  id: WebhookId,
  { reason, by }: { reason: string; by: string },
): Promise<void> {
  await tx.query('update webhooks set enabled = false, disabled_reason = $2, disabled_at = now() where id = $1', [id, reason]);
  await tell(tx, id, 'webhook.disabled', { reason, by });
}

async function tell(
  tx: Transaction,
  id: WebhookId,
  kind: 'webhook.enabled' | 'webhook.disabled' | 'webhook.secret_rotated',
  payload: Record<string, unknown>,
): Promise<void> {
  const [row] = await tx.query<{ version: number }>(
    'update webhooks set version = version + 1, updated_at = clock_timestamp() where id = $1 returning version',
    [id],
  );
  tx.emit({ kind, subject: { kind: 'webhook', id }, version: row?.version, payload });
}

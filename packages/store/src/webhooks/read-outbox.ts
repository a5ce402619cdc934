// From the outbox into a webhook's line: its cursor moves in the transaction that adds the messages, so none is lost and none doubled.
import { eventMessage, gapMessage, wantsEvent, type WebhookMessage } from '@rackwright/domain/webhooks/message.ts';
import { eventCursor, eventsSince } from '../events.ts';
import type { Transaction } from '../transaction.ts';
import { addDeliveries } from './delivery-log.ts';
import type { LeasedWebhook } from './webhook-lease.ts';

const BATCH = 500;
/** Beyond that the events wait in the outbox. */
const MOST_PENDING = 1_000;

/** The webhook must be locked by this transaction. */
export async function readOutbox(tx: Transaction, webhook: LeasedWebhook): Promise<void> {
  const { epoch, lastSeq, prunedSeq } = await eventCursor(tx);
  if (webhook.cursorSeq >= lastSeq) return;
  const [line] = await tx.query<{ pending: number }>(
    `select count(*) as pending from webhook_deliveries where webhook_id = $1 and state = 'pending'`,
    [webhook.id],
  );
  const most = Math.min(BATCH, MOST_PENDING - (line?.pending ?? 0));
  if (most <= 0) return;
  const events = await eventsSince(tx, webhook.cursorSeq, most);
  const messages: (WebhookMessage & { seq: number })[] = events
    .filter((event) => wantsEvent(webhook, event))
    .map((event) => ({ ...eventMessage(event, epoch), seq: event.seq }));
  if (prunedSeq > webhook.cursorSeq) {
    const at = new Date().toISOString();
    messages.unshift({ ...gapMessage(epoch, webhook.cursorSeq, prunedSeq, at), seq: webhook.cursorSeq });
  }
  await addDeliveries(tx, webhook.id, messages);
  // What was numbered since we asked for the last number may be in the batch: never back.
  const readUpTo = events.length === most ? (events.at(-1)?.seq ?? lastSeq) : Math.max(lastSeq, events.at(-1)?.seq ?? 0);
  await tx.query('update webhooks set cursor_seq = $2 where id = $1', [webhook.id, readUpTo]);
}

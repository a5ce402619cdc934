// Who delivers for a webhook now: one worker at a time, and whoever was taken over writes nothing any more.
import type { WebhookId } from '@rackwright/domain/ids.ts';
import type { Transaction } from '../transaction.ts';

/** The right to deliver for one webhook, until it expires or another process takes it over. */
export type WebhookLease = { webhookId: WebhookId; fence: number };

export type LeasedWebhook = {
  id: WebhookId;
  enabled: boolean;
  kinds: string[];
  subjectId: string | null;
  cursorSeq: number;
  failingMs: number | null;
  lastTakenAt: string | null;
};

/** Nobody else changes it until the transaction ends. Whoever holds an older lease gets nothing. */
export async function lockLease(tx: Transaction, { webhookId, fence }: WebhookLease): Promise<LeasedWebhook | undefined> {
  const [row] = await tx.query<LeasedWebhook>(
    `select id, enabled, kinds, subject_id as "subjectId", cursor_seq as "cursorSeq", last_taken_at as "lastTakenAt",
            extract(epoch from clock_timestamp() - failing_since)::float8 * 1000 as "failingMs"
       from webhooks where id = $1 and lease_fence = $2 for update`,
    [webhookId, fence],
  );
  return row;
}

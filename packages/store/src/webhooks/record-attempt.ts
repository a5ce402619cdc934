// What came of an attempt, for the message and for its receiver.
import {
  type AttemptOutcome,
  type DeliveryPolicy,
  judgeAttempt,
  type Verdict,
} from '@rackwright/domain/webhooks/delivery-policy.ts';
import type { Transaction } from '../transaction.ts';
import type { Attempt } from './delivery-log.ts';
import { disableLocked } from './postgres-webhooks.ts';
import type { LeasedWebhook } from './webhook-lease.ts';

/** @property random  from 0 to below 1 */
export type Attempted = { outcome: AttemptOutcome; attempt: Attempt; random: number };

const MOST_LOGGED = 10;

/** The webhook must be locked by this transaction. */
export async function recordAttempt(
  tx: Transaction,
  webhook: LeasedWebhook,
  deliveryId: string,
  { outcome, attempt, random }: Attempted,
  policy: DeliveryPolicy,
): Promise<void> {
  const [before] = await tx.query<{ type: string; attempts: number; sinceFirstAttemptMs: number; tookOthersSince: boolean }>(
    `select type, attempts, coalesce($3::timestamptz > first_attempt_at, false) as "tookOthersSince",
            coalesce(extract(epoch from clock_timestamp() - first_attempt_at)::float8 * 1000, 0) as "sinceFirstAttemptMs"
       from webhook_deliveries where webhook_id = $1 and id = $2 and state = 'pending'`,
    [webhook.id, deliveryId, webhook.lastTakenAt],
  );
  // Passed over meanwhile: the line was emptied by an operator.
  if (!before) return;
  const verdict = judgeAttempt(outcome, { ...before, failingMs: webhook.failingMs }, random, policy);
  await writeDelivery(tx, deliveryId, attempt, { verdict, isTest: before.type === 'webhook.test' });
  if (outcome.kind === 'taken') await receiverTook(tx, webhook, policy);
  else await receiverFailed(tx, webhook, attempt, verdict);
}

async function writeDelivery(
  tx: Transaction,
  id: string,
  attempt: Attempt,
  { verdict, isTest }: { verdict: Verdict; isTest: boolean },
): Promise<void> {
  // Whoever tries a receiver out looks at the answer, and tries again himself.
  const state = verdict.delivery === 'pending' && isTest ? 'given_up' : verdict.delivery;
  const retryInMs = verdict.delivery === 'pending' ? verdict.retryInMs : 0;
  await tx.query(
    `update webhook_deliveries
        set attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, $2), state = $3,
            ended_at = case when $3 = 'pending' then null else clock_timestamp() end,
            next_attempt_at = clock_timestamp() + make_interval(secs => $4),
            log = jsonb_path_query_array($5::jsonb || log, '$[0 to ${MOST_LOGGED - 1}]')
      where id = $1`,
    [id, attempt.at, state, retryInMs / 1000, JSON.stringify([attempt])],
  );
}

async function receiverTook(tx: Transaction, { id, failingMs }: LeasedWebhook, policy: DeliveryPolicy): Promise<void> {
  await tx.query(
    `update webhooks set failing_since = null, consecutive_failures = 0, last_taken_at = clock_timestamp(), last_error = null where id = $1`,
    [id],
  );
  // It is back: who waits for a far-off retry need not. A single message that it refuses makes no outage.
  if (failingMs !== null && failingMs >= policy.outageMs) {
    await tx.query(
      `update webhook_deliveries set next_attempt_at = clock_timestamp()
        where webhook_id = $1 and state = 'pending' and next_attempt_at > clock_timestamp()`,
      [id],
    );
  }
}

async function receiverFailed(
  tx: Transaction,
  { id, enabled }: LeasedWebhook,
  attempt: Attempt,
  verdict: Verdict,
): Promise<void> {
  await tx.query(
    `update webhooks set failing_since = coalesce(failing_since, clock_timestamp()), consecutive_failures = consecutive_failures + 1,
            last_error = $2 where id = $1`,
    [id, attempt.error],
  );
  if (enabled && verdict.delivery === 'pending' && verdict.disable !== null) {
    await disableLocked(tx, id, { reason: verdict.disable, by: 'rackwright' });
  }
}

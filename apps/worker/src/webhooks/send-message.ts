// One attempt to deliver: a POST that follows no redirect, waits no longer than it may, and reads little of the answer.
import { seconds } from '@rackwright/domain/durations.ts';
import type { AttemptOutcome } from '@rackwright/domain/webhooks/delivery-policy.ts';
import { refuseTarget, type TargetPolicy } from '@rackwright/domain/webhooks/target.ts';
import { type Dispatcher, request } from 'undici';
import type { WebhookAttempt } from '../needs.ts';
import { ForbiddenAddress } from './guarded-dispatcher.ts';
import { signMessage } from './sign-message.ts';

export type Message = { id: string; body: string };
export type Receiver = { url: string; secrets: readonly string[] };
export type Sending = {
  policy: TargetPolicy;
  dispatcher: Dispatcher;
  timeoutMs: number;
  /** Fires when we can wait no longer ourselves: then nobody knows what came of it. */
  abandon: AbortSignal;
};

/** No member of the attempt holds a secret or the receiver's address: it is kept and shown. */
export type Sent = { outcome: AttemptOutcome; attempt: WebhookAttempt };

export const ANSWER_MS = seconds(15);
const ANSWER_KEPT = 300;

type Answer = { status: number; retryAfterMs: number | null; text: string };

/** Throws only when abandoned: that the world fails is what comes of an attempt. */
export async function sendMessage(message: Message, receiver: Receiver, sending: Sending): Promise<Sent> {
  const began = Date.now();
  const finish = (outcome: AttemptOutcome, error: string | null, answer: string): Sent => ({
    outcome,
    attempt: { at: new Date(began).toISOString(), status: outcome.status, error, answer, durationMs: Date.now() - began },
  });
  // The setting may have changed since the webhook was made; a literal address is never looked up.
  const refused = refuseTarget(receiver.url, sending.policy);
  if (refused) return finish({ kind: 'refused', status: null, retryAfterMs: null }, `target refused: ${refused.why}`, '');
  try {
    const { status, retryAfterMs, text } = await post(message, receiver, sending, began);
    if (status >= 200 && status < 300) return finish({ kind: 'taken', status }, null, text);
    return finish({ kind: 'refused', status, retryAfterMs }, `HTTP ${status}`, text);
  } catch (thrown) {
    if (sending.abandon.aborted) throw thrown;
    return finish({ kind: 'refused', status: null, retryAfterMs: null }, sayError(thrown, sending.timeoutMs), '');
  }
}

async function post(message: Message, { url, secrets }: Receiver, sending: Sending, now: number): Promise<Answer> {
  const signal = AbortSignal.any([AbortSignal.timeout(sending.timeoutMs), sending.abandon]);
  const { statusCode, headers, body } = await request(url, {
    method: 'POST',
    dispatcher: sending.dispatcher,
    signal,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Rackwright-Webhooks/1',
      ...signMessage(message, secrets, now),
    },
    body: message.body,
  });
  return { status: statusCode, retryAfterMs: readRetryAfter(headers['retry-after'], now), text: await beginningOf(body) };
}

/** The rest is not read: the connection is closed instead. */
async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = '';
  try {
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length >= ANSWER_KEPT) break;
    }
  } catch {
    // The status stands; how the answer went on does not matter.
  }
  // Postgres takes no NUL, and nobody reads the other control characters.
  return text.slice(0, ANSWER_KEPT).replace(/\p{Cc}+/gu, ' ');
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function readRetryAfter(header: string | string[] | undefined, now: number): number | null {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return null;
  const ms = /^\d{1,9}$/.test(text) ? seconds(Number(text)) : Date.parse(text) - now;
  return Number.isFinite(ms) ? ms : null;
}

function sayError(thrown: unknown, timeoutMs: number): string {
  if (thrown instanceof ForbiddenAddress) return 'target refused: private_address';
  const { name = '', code = '' } = thrown as { name?: string; code?: string };
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  return `no connection: ${code === '' ? name : code}`;
}

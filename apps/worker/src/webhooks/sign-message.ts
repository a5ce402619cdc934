// The headers by which a receiver knows that a message is ours and not an old one (Standard Webhooks specification).
import { createHmac } from 'node:crypto';
import { signedText } from '@rackwright/domain/webhooks/message.ts';

export type SignedHeaders = { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string };

/** @param secrets  `whsec_` and base64 each: all sign, so that a receiver may know the old one or the new */
export function signMessage(message: { id: string; body: string }, secrets: readonly string[], nowMs: number): SignedHeaders {
  const timestamp = Math.floor(nowMs / 1000);
  const text = signedText(message.id, timestamp, message.body);
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  });
  return { 'webhook-id': message.id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}

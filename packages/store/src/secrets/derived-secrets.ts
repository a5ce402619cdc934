// Secrets that are computed when they are needed and stored nowhere.
import { createHash, createHmac } from 'node:crypto';
import type { OperationId, TicketId } from '@rackwright/domain/ids.ts';
import type { Secrets } from '@rackwright/workflows/ports.ts';
import { keyFor, type Keyring } from './keyring.ts';

/** What the install agent proves itself with: good for one ticket. */
export function bootTicketToken(keyring: Keyring, ticketId: TicketId): string {
  return hmac(keyFor(keyring.current, 'boot-ticket'), `boot-ticket:${ticketId}`).toString('base64url');
}

/** SHA-256, lower-case hex: all that the database knows of a token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** With which the boot app signs tokens for machines that nobody knows yet. */
export function discoveryKey(keyring: Keyring): Uint8Array {
  return keyFor(keyring.current, 'discovery');
}

/** A change of the current key changes the tokens: operations that are under way then make their token again. */
export function derivedSecrets(keyring: Keyring): Secrets {
  return {
    bootstrapToken(operationId: OperationId) {
      const digest = hmac(keyFor(keyring.current, 'bootstrap-token'), `bootstrap-token:${operationId}`);
      // 22 characters of 36 are 113 bits: out of 256, the remainder is even to the last bit that matters.
      const text = (BigInt(`0x${digest.toString('hex')}`) % 36n ** 22n).toString(36).padStart(22, '0');
      return { id: text.slice(0, 6), secret: text.slice(6) };
    },
  };
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

// Page tokens that only we can read or make: what they hold (sort keys) is nobody's business and no contract.
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { hours } from '@rackwright/domain/durations.ts';
import { Refusal } from '@rackwright/domain/errors.ts';

export type PageTokens = {
  /** @param list  what is listed and how it is filtered: the token is good for nothing else. */
  make(after: string, list: string): string;
  /** Refusal `invalid_page_token`. */
  read(token: string, list: string): string;
};

const LIVES_MS = hours(24);
const IV = 12;
const TAG = 16;

export function pageTokens(secret: Uint8Array, clock: { now(): number }, random: (bytes: number) => Uint8Array): PageTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'page tokens', 32));
  return {
    make(after, list) {
      const iv = random(IV);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(digest(list));
      const sealed = [cipher.update(JSON.stringify([after, clock.now() + LIVES_MS])), cipher.final()];
      return Buffer.concat([iv, ...sealed, cipher.getAuthTag()]).toString('base64url');
    },
    read(token, list) {
      const [after, until] = open(key, Buffer.from(token, 'base64url'), list);
      if (clock.now() >= until) throw new Refusal('invalid_page_token');
      return after;
    },
  };
}

function open(key: Buffer, bytes: Buffer, list: string): [after: string, until: number] {
  if (bytes.length <= IV + TAG) throw new Refusal('invalid_page_token');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV), { authTagLength: TAG });
    decipher.setAAD(digest(list)).setAuthTag(bytes.subarray(-TAG));
    return JSON.parse(decipher.update(bytes.subarray(IV, -TAG)).toString('utf8') + decipher.final('utf8'));
  } catch {
    throw new Refusal('invalid_page_token');
  }
}

const digest = (list: string): Buffer => createHash('sha256').update(list).digest();

// Passwords at rest: AES-256-GCM (NIST SP 800-38D), bound to the row they belong to.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Fault } from '@rackwright/domain/errors.ts';
import { keyFor, type Keyring } from './keyring.ts';

export type Sealed = { keyId: string; nonce: Uint8Array; sealed: Uint8Array };

const TAG_BYTES = 16;

/** @param belongsTo  id of the row: sealed bytes copied into another row do not open there */
export function seal(keyring: Keyring, secret: string, belongsTo: string): Sealed {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyFor(keyring.current, 'sealing'), nonce);
  cipher.setAAD(Buffer.from(belongsTo));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return { keyId: keyring.current.id, nonce, sealed };
}

/** Fault `sealing_key_missing` or `sealed_bytes_damaged`, both `never`. */
export function unseal(keyring: Keyring, { keyId, nonce, sealed }: Sealed, belongsTo: string): string {
  const key = keyring.find(keyId);
  const doing = `open the sealed secret of ${belongsTo}`;
  if (!key) throw new Fault({ code: 'sealing_key_missing', doing, retry: 'never', facts: { keyId } });
  const decipher = createDecipheriv('aes-256-gcm', keyFor(key, 'sealing'), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(belongsTo));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    // The cause would say no more than this.
    throw new Fault({ code: 'sealed_bytes_damaged', doing, retry: 'never', facts: { keyId } });
  }
}

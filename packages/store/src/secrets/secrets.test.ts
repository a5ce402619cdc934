// What is sealed opens only with its key and in its row; what is derived is always the same.
import { randomBytes } from 'node:crypto';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { expect, test } from 'vitest';
import { bootTicketToken, derivedSecrets, tokenHash } from './derived-secrets.ts';
import { makeKeyring } from './keyring.ts';
import { seal, unseal } from './sealing.ts';

const key = (id: string, fill: number) => ({ id, bytes: new Uint8Array(32).fill(fill) });
const ring = makeKeyring(key('k1', 1));

test('a sealed secret opens in its own row', () => {
  const sealed = seal(ring, 'hunter2 ✓', 'srv_1');
  expect(Buffer.from(sealed.sealed).includes('hunter2')).toBe(false);
  expect(unseal(ring, sealed, 'srv_1')).toBe('hunter2 ✓');
});

test('it opens neither in another row, nor changed, nor without its key', () => {
  const sealed = seal(ring, 'hunter2', 'srv_1');
  expect(() => unseal(ring, sealed, 'srv_2')).toThrow('sealed_bytes_damaged');
  const changed = Uint8Array.from(sealed.sealed);
  changed[0] = (changed[0] ?? 0) ^ 1;
  expect(() => unseal(ring, { ...sealed, sealed: changed }, 'srv_1')).toThrow('sealed_bytes_damaged');
  expect(() => unseal(makeKeyring(key('k2', 2)), sealed, 'srv_1')).toThrow('sealing_key_missing');
});

test('after a change of keys the old rows still open, and new ones take the new key', () => {
  const sealed = seal(ring, 'hunter2', 'srv_1');
  const changed = makeKeyring(key('k2', 2), key('k1', 1));
  expect(unseal(changed, sealed, 'srv_1')).toBe('hunter2');
  expect(seal(changed, 'x', 'srv_1').keyId).toBe('k2');
});

test('keys that are short or named twice are refused', () => {
  expect(() => makeKeyring({ id: 'k', bytes: randomBytes(16) })).toThrow('32 are needed');
  expect(() => makeKeyring(key('k', 1), key('k', 2))).toThrow('two sealing keys');
});

test('tokens are the same for the same subject, and others for others', () => {
  const token = bootTicketToken(ring, 'tkt_1');
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(bootTicketToken(ring, 'tkt_1')).toBe(token);
  expect(bootTicketToken(ring, 'tkt_2')).not.toBe(token);
  expect(bootTicketToken(makeKeyring(key('k1', 9)), 'tkt_1')).not.toBe(token);
  expect(tokenHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a bootstrap token has the form that Kubernetes asks for', () => {
  for (let i = 0; i < 200; i++) {
    const { id, secret } = derivedSecrets(ring).bootstrapToken(`op_${i}` as OperationId);
    expect(`${id}.${secret}`).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
  }
});

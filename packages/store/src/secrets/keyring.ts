// The keys that everything secret is made with: given by the app, never stored, never shown.
import { hkdfSync } from 'node:crypto';

export type Key = {
  /** Stands beside what it sealed, so that old rows stay readable after a change of keys. */ id: string;
  bytes: Uint8Array;
};

export type Keyring = { readonly current: Key; find(id: string): Key | undefined };

/** Throws when a key is short: 32 bytes of randomness each. The first seals; the others only open what they sealed once. */
export function makeKeyring(first: Key, ...older: Key[]): Keyring {
  const keys = new Map<string, Key>();
  for (const key of [first, ...older]) {
    if (key.bytes.length < 32) throw new Error(`sealing key ${key.id} has ${key.bytes.length} bytes; 32 are needed`);
    if (keys.has(key.id)) throw new Error(`two sealing keys are named ${key.id}`);
    keys.set(key.id, { id: key.id, bytes: Uint8Array.from(key.bytes) });
  }
  return { current: first, find: (id) => keys.get(id) };
}

type Purpose = 'sealing' | 'boot-ticket' | 'bootstrap-token' | 'discovery';

/** Derived once: the same key and purpose give the same again, and each token and each sealed row asks for it. */
const derived = new WeakMap<Key, Map<Purpose, Uint8Array>>();

/** One key per purpose (RFC 5869), so that what one purpose gives away helps against no other. */
export function keyFor(key: Key, purpose: Purpose): Uint8Array {
  const known = derived.get(key) ?? new Map<Purpose, Uint8Array>();
  derived.set(key, known);
  const bytes = known.get(purpose) ?? new Uint8Array(hkdfSync('sha256', key.bytes, '', `rackwright/${purpose}`, 32));
  known.set(purpose, bytes);
  return bytes;
}

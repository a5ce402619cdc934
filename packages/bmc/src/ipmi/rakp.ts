// The cryptography of RAKP (IPMI 2.0 §13.28 to §13.33): who proves what to whom, and the keys that come of it.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ByteWriter, latin1Bytes } from '@rackwright/protocols/bytes/byte-writer.ts';
import type { CipherSuite } from './cipher-suites.ts';

/** Everything that the two sides told each other in RAKP 1 and 2. */
export type RakpExchange = {
  suite: CipherSuite;
  consoleSessionId: number;
  bmcSessionId: number;
  consoleRandom: Uint8Array;
  bmcRandom: Uint8Array;
  bmcGuid: Uint8Array;
  /** The very byte of RAKP 1, lookup bit included. */
  role: number;
  username: string;
};

export type SessionKeys = { integrity: Uint8Array; encryption: Uint8Array };

const PASSWORD_LENGTH = 20;
const AES_KEY_LENGTH = 16;

/** The user's key: the password, padded with zeros to 20 bytes. Undefined when it is longer: cutting it would weaken it silently. */
export function userKey(password: string): Uint8Array | undefined {
  const bytes = new TextEncoder().encode(password);
  if (bytes.length > PASSWORD_LENGTH) return undefined;
  const key = new Uint8Array(PASSWORD_LENGTH);
  key.set(bytes);
  return key;
}

/** The code of RAKP 2: the BMC knows the user's key. */
export function rakp2Code(exchange: RakpExchange, key: Uint8Array): Uint8Array {
  const w = new ByteWriter().u32le(exchange.consoleSessionId).u32le(exchange.bmcSessionId);
  w.raw(exchange.consoleRandom).raw(exchange.bmcRandom).raw(exchange.bmcGuid).raw(roleAndName(exchange));
  return hmac(exchange.suite, key, w.bytes());
}

/** The code of RAKP 3: the console knows it too. */
export function rakp3Code(exchange: RakpExchange, key: Uint8Array): Uint8Array {
  const w = new ByteWriter().raw(exchange.bmcRandom).u32le(exchange.consoleSessionId).raw(roleAndName(exchange));
  return hmac(exchange.suite, key, w.bytes());
}

/** The session integrity key (§13.31). Without a BMC key (Kg) the user's key stands in for it (§13.33). */
export function sessionIntegrityKey(exchange: RakpExchange, key: Uint8Array): Uint8Array {
  const w = new ByteWriter().raw(exchange.consoleRandom).raw(exchange.bmcRandom).raw(roleAndName(exchange));
  return hmac(exchange.suite, key, w.bytes());
}

/** The check value of RAKP 4: both sides hold the same session integrity key. */
export function rakp4Check(exchange: RakpExchange, sessionKey: Uint8Array): Uint8Array {
  const w = new ByteWriter().raw(exchange.consoleRandom).u32le(exchange.bmcSessionId).raw(exchange.bmcGuid);
  return hmac(exchange.suite, sessionKey, w.bytes()).slice(0, exchange.suite.checkLength);
}

/** With every hash, whatever the wording of §13.32 suggests: all implementations agree. */
const CONSTANT_LENGTH = 20;

/** K1 and K2 (§13.32): the session key's codes of twenty ones and of twenty twos. */
export function sessionKeys(suite: CipherSuite, sessionKey: Uint8Array): SessionKeys {
  return {
    integrity: hmac(suite, sessionKey, new Uint8Array(CONSTANT_LENGTH).fill(1)),
    encryption: hmac(suite, sessionKey, new Uint8Array(CONSTANT_LENGTH).fill(2)).slice(0, AES_KEY_LENGTH),
  };
}

export function hmac(suite: CipherSuite, key: Uint8Array, message: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac(suite.hash, key).update(message).digest());
}

/** In constant time for equal lengths: how far two codes agree is nobody's business. */
export function sameCode(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function roleAndName({ role, username }: RakpExchange): Uint8Array {
  const name = latin1Bytes(username);
  return Uint8Array.from([role, name.length, ...name]);
}

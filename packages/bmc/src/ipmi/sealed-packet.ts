// A packet within an RMCP+ session: encrypted (AES-CBC-128, IPMI 2.0 §13.29) and authenticated (§13.28.4).
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ByteWriter } from '@rackwright/protocols/bytes/byte-writer.ts';
import { encodeRmcp, NO_ACK } from '@rackwright/protocols/ipmi/rmcp.ts';
import { encodeSessionPacket, type SessionPacket } from '@rackwright/protocols/ipmi/session-packet.ts';
import type { CipherSuite } from './cipher-suites.ts';
import { hmac, type SessionKeys, sameCode } from './rakp.ts';

export type Sealing = { suite: CipherSuite; keys: SessionKeys };
export type Addressing = { sessionId: number; sequence: number; payloadType: number };

type PlusPacket = Extract<SessionPacket, { format: 'rmcp+' }>;

const BLOCK = 16;
const NEXT_HEADER = 0x07;

/** The whole datagram. `iv` is random unless a test vector wants its own. */
export function sealPacket(
  sealing: Sealing,
  to: Addressing,
  payload: Uint8Array,
  iv: Uint8Array = randomBytes(BLOCK),
): Uint8Array {
  const open: PlusPacket = {
    format: 'rmcp+',
    payloadType: to.payloadType,
    encrypted: true,
    authenticated: true,
    sessionId: to.sessionId,
    sequence: to.sequence,
    payload: encrypted(sealing.keys.encryption, iv, payload),
    trailer: new Uint8Array(0),
  };
  // From authentication type to next header the length must be a multiple of four.
  const unpadded = encodeSessionPacket(open).length + 2;
  const pad = (4 - (unpadded % 4)) % 4;
  const ending = Uint8Array.from([...new Uint8Array(pad).fill(0xff), pad, NEXT_HEADER]);
  const covered = encodeSessionPacket({ ...open, trailer: ending });
  const code = hmac(sealing.suite, sealing.keys.integrity, covered).slice(0, sealing.suite.packetCodeLength);
  const body = new ByteWriter().raw(covered).raw(code).bytes();
  return encodeRmcp({ kind: 'ipmi', sequence: NO_ACK, body });
}

/** The payload, or undefined when the packet is not what the session's other end sent. Nothing is decrypted before its code is right. */
export function openPacket(sealing: Sealing, body: Uint8Array, packet: PlusPacket): Uint8Array | undefined {
  const codeAt = body.length - sealing.suite.packetCodeLength;
  if (!packet.encrypted || !packet.authenticated || packet.trailer.length < sealing.suite.packetCodeLength + 2) return undefined;
  const code = hmac(sealing.suite, sealing.keys.integrity, body.subarray(0, codeAt)).slice(0, sealing.suite.packetCodeLength);
  if (!sameCode(code, Uint8Array.from(body.subarray(codeAt)))) return undefined;
  return decrypted(sealing.keys.encryption, packet.payload);
}

//   | IV 16 | encrypted: payload | 01 02 … n | n |
function encrypted(key: Uint8Array, iv: Uint8Array, payload: Uint8Array): Uint8Array {
  const pad = (BLOCK - ((payload.length + 1) % BLOCK)) % BLOCK;
  const plain = new ByteWriter().raw(payload);
  for (let n = 1; n <= pad; n++) plain.u8(n);
  const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return Uint8Array.from([...iv, ...cipher.update(plain.u8(pad).bytes()), ...cipher.final()]);
}

function decrypted(key: Uint8Array, payload: Uint8Array): Uint8Array | undefined {
  if (payload.length < 2 * BLOCK || payload.length % BLOCK !== 0) return undefined;
  const decipher = createDecipheriv('aes-128-cbc', key, payload.subarray(0, BLOCK)).setAutoPadding(false);
  const plain = Uint8Array.from([...decipher.update(payload.subarray(BLOCK)), ...decipher.final()]);
  const pad = plain.at(-1) ?? BLOCK;
  const end = plain.length - 1 - pad;
  if (pad >= BLOCK || plain.slice(end, -1).some((byte, at) => byte !== at + 1)) return undefined;
  return plain.slice(0, end);
}

// RMCP (IPMI 2.0 §13.1.3) and the ASF presence ping and pong (§13.2.3, §13.2.4): the outermost four bytes of every datagram.
import { ByteReader, type Decoded } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';

//   | 06 version | 00 | sequence (ff: no ack wanted) | class 06 ASF, 07 IPMI | body
//   ASF body     | 00 00 11 be | type 80 ping, 40 pong | tag | 00 | length | …
const VERSION = 0x06;
const CLASS_ASF = 0x06;
const CLASS_IPMI = 0x07;
const ASF_ENTERPRISE = 4542;
const ASF_PING = 0x80;
const ASF_PONG = 0x40;

export type RmcpPacket =
  | { kind: 'ipmi'; sequence: number; body: Uint8Array }
  | { kind: 'ping'; sequence: number; tag: number }
  | { kind: 'pong'; sequence: number; tag: number; enterprise: number; oem: number; entities: number; interactions: number };

/** `entities` of a pong: IPMI is spoken here, ASF 1.0. */
export const IPMI_SUPPORTED = 0x81;
export const NO_ACK = 0xff;

export function decodeRmcp(bytes: Uint8Array): Decoded<RmcpPacket> {
  const r = new ByteReader(bytes);
  const version = r.u8();
  r.skip(1);
  const sequence = r.u8();
  const messageClass = r.u8();
  if (version !== VERSION) return r.reject('not RMCP');
  if (messageClass === CLASS_IPMI) return r.finish<RmcpPacket>({ kind: 'ipmi', sequence, body: r.rest() });
  if (messageClass === CLASS_ASF) return decodeAsf(r, sequence);
  return r.reject('neither an IPMI nor an ASF message');
}

function decodeAsf(r: ByteReader, sequence: number): Decoded<RmcpPacket> {
  if (r.u32() !== ASF_ENTERPRISE) return r.reject('not the ASF enterprise number');
  const type = r.u8();
  const tag = r.u8();
  r.skip(1);
  const length = r.u8();
  if (type === ASF_PING && length === 0) return r.finish<RmcpPacket>({ kind: 'ping', sequence, tag });
  if (type !== ASF_PONG || length !== 16) return r.reject('neither a presence ping nor a pong');
  const pong = { enterprise: r.u32(), oem: r.u32(), entities: r.u8(), interactions: r.u8() };
  r.skip(6);
  return r.finish<RmcpPacket>({ kind: 'pong', sequence, tag, ...pong });
}

export function encodeRmcp(packet: RmcpPacket): Uint8Array {
  const w = new ByteWriter().u8(VERSION).u8(0).u8(packet.sequence);
  switch (packet.kind) {
    case 'ipmi':
      w.u8(CLASS_IPMI).raw(packet.body);
      break;
    case 'ping':
      w.u8(CLASS_ASF).u32(ASF_ENTERPRISE).u8(ASF_PING).u8(packet.tag).u8(0).u8(0);
      break;
    case 'pong':
      w.u8(CLASS_ASF).u32(ASF_ENTERPRISE).u8(ASF_PONG).u8(packet.tag).u8(0).u8(16);
      w.u32(packet.enterprise).u32(packet.oem).u8(packet.entities).u8(packet.interactions).zeros(6);
  }
  return w.bytes();
}

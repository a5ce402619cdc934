// The session header inside RMCP: IPMI 1.5 without authentication (§13.6, used before a session) and RMCP+ (§13.6, table 13-8).
import { ByteReader, type Decoded } from '../bytes/byte-reader.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';

//   1.5    | 00 | sequence 4 | session 4 | length 1 | payload
//   RMCP+  | 06 | type (80 encrypted, 40 authenticated) | session 4 | sequence 4 | length 2 | payload | trailer
const FORMAT_NONE = 0x00;
const FORMAT_RMCP_PLUS = 0x06;
const OEM_PAYLOAD = 0x02;

export type SessionPacket =
  | { format: '1.5'; sequence: number; sessionId: number; payload: Uint8Array }
  | {
      format: 'rmcp+';
      payloadType: number;
      encrypted: boolean;
      authenticated: boolean;
      /** The receiver's id for the session; 0 outside of one. */
      sessionId: number;
      sequence: number;
      payload: Uint8Array;
      /** Padding, pad length, next header, authentication code. Whose length only the session's cipher suite knows. */
      trailer: Uint8Array;
    };

export function decodeSessionPacket(bytes: Uint8Array): Decoded<SessionPacket> {
  const r = new ByteReader(bytes);
  const format = r.u8();
  if (format === FORMAT_NONE) return decodeOldPacket(r);
  if (format !== FORMAT_RMCP_PLUS) return r.reject(`authentication type ${format} is not spoken here`);
  const type = r.u8();
  if ((type & 0x3f) === OEM_PAYLOAD) return r.reject('an OEM payload');
  const packet = {
    format: 'rmcp+' as const,
    payloadType: type & 0x3f,
    encrypted: (type & 0x80) !== 0,
    authenticated: (type & 0x40) !== 0,
    sessionId: r.u32le(),
    sequence: r.u32le(),
    payload: r.take(r.u16le()),
    trailer: new Uint8Array(0),
  };
  packet.trailer = Uint8Array.from(r.rest());
  return r.finish<SessionPacket>(packet);
}

function decodeOldPacket(r: ByteReader): Decoded<SessionPacket> {
  const packet = { format: '1.5' as const, sequence: r.u32le(), sessionId: r.u32le(), payload: r.take(r.u8()) };
  // Some stacks append a byte to avoid lengths that old network chips lost.
  r.rest();
  return r.finish<SessionPacket>(packet);
}

export function encodeSessionPacket(packet: SessionPacket): Uint8Array {
  const w = new ByteWriter();
  if (packet.format === '1.5') {
    return w.u8(FORMAT_NONE).u32le(packet.sequence).u32le(packet.sessionId).u8(packet.payload.length).raw(packet.payload).bytes();
  }
  w.u8(FORMAT_RMCP_PLUS).u8(packet.payloadType | (packet.encrypted ? 0x80 : 0) | (packet.authenticated ? 0x40 : 0));
  w.u32le(packet.sessionId).u32le(packet.sequence).u16le(packet.payload.length);
  return w.raw(packet.payload).raw(packet.trailer).bytes();
}

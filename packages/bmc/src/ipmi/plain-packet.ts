// Packets outside of a session: neither encrypted nor authenticated, session 0, sequence 0 (IPMI 2.0 §13.6).
import { decodeRmcp, encodeRmcp, NO_ACK } from '@rackwright/protocols/ipmi/rmcp.ts';
import { decodeSessionPacket, encodeSessionPacket } from '@rackwright/protocols/ipmi/session-packet.ts';

const NOTHING = new Uint8Array(0);

export function plainPacket(payloadType: number, payload: Uint8Array): Uint8Array {
  const header = { payloadType, encrypted: false, authenticated: false, sessionId: 0, sequence: 0 };
  const body = encodeSessionPacket({ format: 'rmcp+', ...header, payload, trailer: NOTHING });
  return encodeRmcp({ kind: 'ipmi', sequence: NO_ACK, body });
}

/** The payload of a plain RMCP+ packet of this type, else undefined. */
export function plainPayload(datagram: Uint8Array, payloadType: number): Uint8Array | undefined {
  const rmcp = decodeRmcp(datagram);
  if (!rmcp.ok || rmcp.value.kind !== 'ipmi') return undefined;
  const packet = decodeSessionPacket(rmcp.value.body);
  if (!packet.ok || packet.value.format !== 'rmcp+' || packet.value.encrypted || packet.value.authenticated) return undefined;
  return packet.value.payloadType === payloadType ? packet.value.payload : undefined;
}

/** IPMI 1.5 form, which every BMC understands before it is known what else it speaks. */
export function oldPacket(payload: Uint8Array): Uint8Array {
  const body = encodeSessionPacket({ format: '1.5', sequence: 0, sessionId: 0, payload });
  return encodeRmcp({ kind: 'ipmi', sequence: NO_ACK, body });
}

export function oldPayload(datagram: Uint8Array): Uint8Array | undefined {
  const rmcp = decodeRmcp(datagram);
  if (!rmcp.ok || rmcp.value.kind !== 'ipmi') return undefined;
  const packet = decodeSessionPacket(rmcp.value.body);
  return packet.ok && packet.value.format === '1.5' ? packet.value.payload : undefined;
}

// Where a DHCP reply goes. RFC 2131 section 4.1; relays that choose their port RFC 8357.
import type { DhcpPacket } from '@rackwright/protocols/dhcp/codec.ts';
import type { DhcpRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import { NO_ADDRESS } from './choose-network.ts';

export type DhcpPorts = { server: number; client: number; relay: number; proxy: number };
export type Target = { address: string; port: number };

export const EVERYBODY = '255.255.255.255';

/**
 * Without an address of its own the client is answered by broadcast, whatever its flags say: a datagram socket cannot reach an address
 * that does not answer ARP yet, and every client we have met takes broadcasts.
 */
export function replyTarget(
  request: DhcpRequest,
  reply: DhcpPacket,
  from: Target,
  at: 'dhcp' | 'proxy',
  ports: DhcpPorts,
): Target {
  const { giaddr, ciaddr } = request.packet;
  if (giaddr !== NO_ADDRESS) return { address: giaddr, port: request.relay?.answerSourcePort ? from.port : ports.relay };
  // UEFI firmware asks the proxy from port 4011, iPXE from 68.
  if (at === 'proxy') return from;
  // Only a NAK has neither address: its client must not believe the one it asked from.
  const isNak = reply.yiaddr === NO_ADDRESS && request.messageType === 'request';
  if (ciaddr !== NO_ADDRESS && !isNak) return { address: ciaddr, port: ports.client };
  return { address: EVERYBODY, port: ports.client };
}

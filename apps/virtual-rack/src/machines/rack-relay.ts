// A rack's switch as DHCP relay: one socket for all of the rack's servers. RFC 1542, 3046, 3527; its port by RFC 8357.
import { createSocket } from 'node:dgram';
import { latin1Bytes } from '@rackwright/protocols/bytes/byte-writer.ts';
import { addressBytes, type DhcpPacket, decodeDhcp, encodeDhcp } from '@rackwright/protocols/dhcp/codec.ts';
import { OPTION, RELAY } from '@rackwright/protocols/dhcp/constants.ts';
import type { SendPacer } from './send-pacer.ts';

export type RelaySettings = {
  /** Its own address, where the DHCP server sends its answers: any of 127.0.0.0/8 in a test. */
  address: string;
  /** Its name: option 82's remote id. */
  rack: string;
  server: { address: string; port: number };
  /** An address of the clients' network, where that is not the one `address` is on. */
  linkSelection?: string;
  /** Asked for each packet, either way: true loses it. */
  loses?: () => boolean;
  /** Shared by all racks whose servers may be powered on at once. */
  pacer?: SendPacer;
};

export type RackRelay = {
  /** Ends when it is on its way. */
  send(packet: DhcpPacket, switchPort: string): Promise<void>;
  /** Hands over what the server sends to this MAC, until the returned function is called. One listener per MAC. */
  listen(mac: string, receive: (packet: DhcpPacket) => void): () => void;
  close(): Promise<void>;
};

/** Rejects when the address cannot be bound. */
export async function rackRelay({
  address,
  rack,
  server,
  linkSelection,
  pacer,
  loses = () => false,
}: RelaySettings): Promise<RackRelay> {
  const socket = createSocket('udp4');
  let closed = false;
  const listeners = new Map<string, (packet: DhcpPacket) => void>();
  socket.on('message', (bytes) => {
    if (loses()) return;
    const decoded = decodeDhcp(bytes);
    if (!decoded.ok || decoded.value.op !== 'reply') return;
    listeners.get(macText(decoded.value.hardware.address))?.(decoded.value);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, address, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  // A DHCP server that is not up yet shows as a refused port: the client asks again.
  socket.on('error', () => undefined);
  return {
    send(packet, switchPort) {
      const options = [...packet.options, [OPTION.relayAgent, circuit(switchPort, rack, linkSelection)] as const];
      const bytes = encodeDhcp({ ...packet, hops: packet.hops + 1, giaddr: address, options });
      return new Promise((resolve) => {
        const forward = () => {
          if (!closed && !loses()) socket.send(bytes, server.port, server.address, () => undefined);
          resolve();
        };
        if (pacer) pacer(forward);
        else forward();
      });
    },
    listen(mac, receive) {
      listeners.set(mac, receive);
      return () => {
        if (listeners.get(mac) === receive) listeners.delete(mac);
      };
    },
    close() {
      closed = true;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

function circuit(switchPort: string, rack: string, linkSelection: string | undefined): Uint8Array {
  const piece = (code: number, value: Uint8Array) => [code, value.length, ...value];
  return Uint8Array.from([
    ...piece(RELAY.circuitId, latin1Bytes(switchPort)),
    ...piece(RELAY.remoteId, latin1Bytes(rack)),
    ...(linkSelection === undefined ? [] : piece(RELAY.linkSelection, addressBytes(linkSelection))),
    ...piece(RELAY.sourcePort, new Uint8Array()),
  ]);
}

function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

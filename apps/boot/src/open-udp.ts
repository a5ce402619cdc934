// Opens a UDP socket and waits until it is bound: by address, or an inherited one that already has SO_BINDTODEVICE.
import { createSocket, type Socket } from 'node:dgram';
import { Fault } from '@rackwright/domain/errors.ts';

export type UdpBinding = {
  address: string;
  /** 0 for any free one. */
  port: number;
  /** A bound socket from a launcher (systemd: BindToDevice=, Broadcast=yes). Node cannot bind to a device itself. */
  fd?: number;
};

/** Throws Fault udp_bind_failed. `broadcast` lets it send to 255.255.255.255. */
export async function openUdp(binding: UdpBinding, purpose: string, { broadcast = false } = {}): Promise<Socket> {
  // Two sockets on one port (any address, and ours) are told apart by the kernel only if both say so.
  const socket = createSocket({ type: 'udp4', reuseAddr: broadcast });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      const bound = () => {
        socket.off('error', reject);
        resolve();
      };
      if (binding.fd === undefined) socket.bind({ address: binding.address, port: binding.port, exclusive: true }, bound);
      else socket.bind({ fd: binding.fd }, bound);
    });
    if (broadcast) socket.setBroadcast(true);
    return socket;
  } catch (cause) {
    socket.close();
    throw new Fault({
      code: 'udp_bind_failed',
      doing: `listen for ${purpose} on ${binding.address}:${binding.port}/udp`,
      retry: 'later',
      cause,
    });
  }
}

export function closeUdp(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

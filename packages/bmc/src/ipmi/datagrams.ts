// One UDP socket to one BMC: send, wait for the answer that fits, send again on a growing schedule.
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { IpmiClock } from './clock.ts';

export type Exchange<T> = {
  /** The bytes of each sending: a packet sent again carries a new sequence number. */
  packet: () => Uint8Array;
  /** The answer in a datagram, undefined when it is not ours: late, doubled, broken or forged ones pass by. */
  read: (datagram: Uint8Array) => T | undefined;
  /** How long to wait after each sending; as many sendings as entries. */
  waitsMs: readonly number[];
};

export type Datagrams = {
  /** Undefined after the last wait. Not to be called while another exchange runs. */
  exchange<T>(exchange: Exchange<T>): Promise<T | undefined>;
  send(datagram: Uint8Array): void;
  close(): void;
};

/** Connected, so that the kernel drops what comes from elsewhere. Rejects when the address cannot be resolved. */
export async function openDatagrams(address: string, port: number, clock: IpmiClock): Promise<Datagrams> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  let receive: ((datagram: Uint8Array) => void) | undefined;
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  }).catch((cause: unknown) => {
    socket.close();
    throw cause;
  });
  // "Connection refused" comes here while a BMC restarts its firmware: the schedule deals with it as with silence.
  socket.on('error', () => {});
  socket.on('message', (datagram) => receive?.(datagram));

  const send = (datagram: Uint8Array) => socket.send(datagram, () => {});
  return {
    send,
    exchange: ({ packet, read, waitsMs }) =>
      new Promise((resolve) => {
        let sent = 0;
        let callOff: (() => void) | undefined;
        const finish = (answer: Parameters<typeof resolve>[0]) => {
          callOff?.();
          receive = undefined;
          resolve(answer);
        };
        const sendAgain = () => {
          const wait = waitsMs[sent];
          if (wait === undefined) return finish(undefined);
          sent += 1;
          send(packet());
          callOff = clock.after(wait, sendAgain);
        };
        receive = (datagram) => {
          const answer = read(datagram);
          if (answer !== undefined) finish(answer);
        };
        sendAgain();
      }),
    // What was sent last, a goodbye, still leaves: the kernel has it.
    close: () => socket.close(),
  };
}

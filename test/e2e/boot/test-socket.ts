// A client's bare UDP socket on loopback: sends bytes, waits for what comes back.
import { createSocket } from 'node:dgram';
import { decodeTftp, type TftpPacket } from '@rackwright/protocols/tftp/codec.ts';

export interface TestSocket {
  readonly port: number;
  send(bytes: Uint8Array, port: number): void;
  /** The next datagram, past or to come; rejects after ten seconds or what it is told. */
  next(limitMs?: number): Promise<{ bytes: Uint8Array; port: number }>;
  tftp(): Promise<{ packet: TftpPacket; port: number }>;
  close(): Promise<void>;
}

export async function testSocket(): Promise<TestSocket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const arrived: { bytes: Uint8Array; port: number }[] = [];
  const waiting: ((datagram: { bytes: Uint8Array; port: number }) => void)[] = [];
  socket.on('message', (bytes, { port }) => {
    const datagram = { bytes: new Uint8Array(bytes), port };
    const waiter = waiting.shift();
    if (waiter) waiter(datagram);
    else arrived.push(datagram);
  });

  function next(limitMs = 10_000): Promise<{ bytes: Uint8Array; port: number }> {
    const past = arrived.shift();
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const take = (datagram: { bytes: Uint8Array; port: number }) => {
        clearTimeout(timer);
        resolve(datagram);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(new Error(`nothing came within ${limitMs} ms`));
      }, limitMs);
      waiting.push(take);
    });
  }

  return {
    port: socket.address().port,
    send: (bytes, port) => socket.send(bytes, port, '127.0.0.1'),
    next,
    async tftp() {
      const { bytes, port } = await next();
      const decoded = decodeTftp(bytes);
      if (!decoded.ok) throw new Error(decoded.fault);
      return { packet: decoded.value, port };
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

// What the IPMI tests stand on: a simulated BMC on a real port, a clock that runs faster, and a wire that can be tapped.
import { createSocket } from 'node:dgram';
import type { IpmiClock } from '@rackwright/bmc/ipmi/clock.ts';
import { type ChassisMachine, type SimulatedChassis, simulatedChassis } from '@rackwright/virtual-rack-app/chassis.ts';
import { type IpmiServer, startIpmiServer } from '@rackwright/virtual-rack-app/ipmi/start-ipmi-server.ts';

export const HOST = '127.0.0.1';
export const CREDENTIALS = { username: 'admin', password: 'rack-pass-0123' };
export const IDENTITY = {
  vendor: 'Dell Inc.',
  model: 'PowerEdge R650',
  serial: 'ABC1234',
  assetTag: 'RACK-7',
  uuid: '6a1e7c52-93f4-4b0d-8c21-0f5e6d7c8b9a',
  bmcFirmware: '6.10.30.00',
  biosVersion: '1.2.3',
};
export const HARDWARE = { cpus: [], memory: [], nics: [], disks: [] };

const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve));
const QUICK_MACHINE: ChassisMachine = { onPowerOn: turnOfTheLoop, onPowerOff: turnOfTheLoop, onReset: turnOfTheLoop };

export type Bench = AsyncDisposable & { server: IpmiServer; chassis: SimulatedChassis };

export async function bench(machine: Partial<ChassisMachine> = {}, now?: () => number): Promise<Bench> {
  const chassis = simulatedChassis({ identity: IDENTITY, hardware: HARDWARE }, { ...QUICK_MACHINE, ...machine });
  const place = { host: HOST, port: 0, credentials: CREDENTIALS, chassis };
  const server = await startIpmiServer(now ? { ...place, now } : place);
  return { server, chassis, [Symbol.asyncDispose]: () => server.close() };
}

/** Time runs `speed` times as fast for the driver; the network does not. */
export function fastClock(speed: number): IpmiClock & { skip(ms: number): void } {
  let skipped = 0;
  return {
    now: () => performance.now() * speed + skipped,
    after(ms, act) {
      const timer = setTimeout(act, ms / speed);
      return () => clearTimeout(timer);
    },
    skip(ms) {
      skipped += ms;
    },
  };
}

/** Sees each datagram and answers what goes on instead: nothing, itself, or more. */
export type Tap = (datagram: Uint8Array, direction: 'to_bmc' | 'to_console') => readonly Uint8Array[];

/** A wire between one console and the BMC at `port`. */
export async function tappedWire(port: number, tap: Tap): Promise<AsyncDisposable & { port: number }> {
  const near = createSocket('udp4');
  const far = createSocket('udp4');
  let consolePort = 0;
  near.on('message', (datagram, from) => {
    consolePort = from.port;
    for (const one of tap(Uint8Array.from(datagram), 'to_bmc')) far.send(one, port, HOST);
  });
  far.on('message', (datagram) => {
    for (const one of tap(Uint8Array.from(datagram), 'to_console')) near.send(one, consolePort, HOST);
  });
  for (const socket of [near, far]) {
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  }
  return {
    port: near.address().port,
    async [Symbol.asyncDispose]() {
      for (const socket of [near, far]) await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

/** The RMCP+ payload type of a datagram, undefined for others. */
export function payloadType(datagram: Uint8Array): number | undefined {
  return datagram[3] === 0x07 && datagram[4] === 0x06 ? (datagram[5] ?? 0) & 0x3f : undefined;
}

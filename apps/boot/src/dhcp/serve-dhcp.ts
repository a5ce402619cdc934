// The DHCP server on real sockets: decode, ask answerRequest, encode, send. Nothing on this path waits for anything.
import type { RemoteInfo, Socket } from 'node:dgram';
import { decodeDhcp, encodeDhcp } from '@rackwright/protocols/dhcp/codec.ts';
import { CLIENT_PORT, PROXY_PORT, SERVER_PORT } from '@rackwright/protocols/dhcp/constants.ts';
import { readRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import { type BoundedEvents, boundedEvents } from '../bounded-events.ts';
import type { BootIndex } from '../boot-index.ts';
import type { BootNetwork } from '../boot-network.ts';
import { closeUdp, openUdp } from '../open-udp.ts';
import { answerRequest } from './answer-request.ts';
import type { DhcpEvent } from './dhcp-events.ts';
import { leasePools } from './lease-pools.ts';
import { type DhcpPorts, EVERYBODY, replyTarget } from './reply-target.ts';
import { seldom } from './seldom.ts';

export type DhcpServerOptions = {
  /**
   * Where to listen. `0.0.0.0` hears broadcasts; then a second socket on the local network's own address sends, so that broadcasts
   * leave by the right interface. A machine with several provisioning networks gives each server an inherited `fd` bound to its device.
   */
  listen: {
    address: string;
    /** Ours on the local network; known before the network is on file. */
    localAddress?: string;
    fd?: number;
    proxyFd?: number;
  };
  /** 67, 68, 67 and 4011 unless told: a virtual rack runs unprivileged. */
  ports?: Partial<DhcpPorts>;
  /** The network that unrelayed packets come from; undefined where only relays reach us. */
  localNetworkId: string | undefined;
  /** Asked for each packet: networks may change while we run. */
  networks: () => readonly BootNetwork[];
  index: BootIndex;
  /** Milliseconds since the epoch. */
  now: () => number;
  onEvent: (event: DhcpEvent) => void | Promise<void>;
  onFault: (cause: unknown) => void;
};

export interface DhcpServer {
  readonly ports: DhcpPorts;
  /** Packets by fate: `received`, `malformed`, `answered`, each reason for silence, `send_failed`, `events_dropped`. */
  counts(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

const EVENTS_WAITING = 1_000;
const SENDS_WAITING = 1_000;

/** Throws Fault udp_bind_failed. */
export async function serveDhcp(options: DhcpServerOptions): Promise<DhcpServer> {
  const { listen } = options;
  const wanted = { server: SERVER_PORT, client: CLIENT_PORT, relay: SERVER_PORT, proxy: PROXY_PORT, ...options.ports };
  const sockets: Socket[] = [];
  try {
    const bind = async (address: string, port: number, purpose: string, fd?: number) => {
      const socket = await openUdp({ address, port, ...(fd !== undefined && { fd }) }, purpose, { broadcast: true });
      sockets.push(socket);
      return socket;
    };
    const main = await bind(listen.address, wanted.server, 'DHCP', listen.fd);
    const ports = { ...wanted, server: main.address().port };
    const proxy = await bind(listen.address, wanted.proxy, 'proxy DHCP', listen.proxyFd);
    ports.proxy = proxy.address().port;
    const own =
      listen.localAddress ?? options.networks().find(({ networkId }) => networkId === options.localNetworkId)?.serverAddress;
    const second = listen.fd === undefined && listen.address === '0.0.0.0' && own !== undefined;
    const sender = second ? await bind(own, ports.server, 'DHCP broadcasts') : main;
    return run(options, ports, { proxy, sender }, sockets);
  } catch (cause) {
    await Promise.all(sockets.map(closeUdp));
    throw cause;
  }
}

type Sockets = { proxy: Socket; sender: Socket };

function run(options: DhcpServerOptions, ports: DhcpPorts, { proxy, sender }: Sockets, all: Socket[]): DhcpServer {
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const events = boundedEvents({ limit: EVENTS_WAITING, deliver: options.onEvent, onFault: options.onFault });
  const tell = tellSeldom(events);
  const leases = leasePools(options.networks, options.index, options.onFault);

  function receive(at: 'dhcp' | 'proxy', arrived: Socket, bytes: Uint8Array, from: RemoteInfo): void {
    count('received');
    const decoded = decodeDhcp(bytes);
    const request = decoded.ok ? readRequest(decoded.value) : decoded;
    if (!request.ok) return count('malformed');
    const now = options.now();
    const world = { networks: options.networks(), localNetworkId: options.localNetworkId, index: options.index, leases, now };
    const outcome = answerRequest(world, request.value, at);
    for (const event of outcome.events) tell(event);
    if (!('reply' in outcome)) return count(outcome.silent);
    const target = replyTarget(request.value, outcome.reply, from, at, ports);
    const socket = target.address === EVERYBODY ? sender : arrived;
    if (socket.getSendQueueCount() >= SENDS_WAITING) return count('send_failed');
    socket.send(encodeDhcp(outcome.reply), target.port, target.address, (failure) => count(failure ? 'send_failed' : 'answered'));
  }

  for (const socket of all) {
    // After binding, errors are of single packets (a closed port, an address without a route): counted, never fatal.
    socket.on('error', () => count('send_failed'));
    const at = socket === proxy ? 'proxy' : 'dhcp';
    socket.on('message', (bytes, from) => {
      try {
        receive(at, socket, bytes, from);
      } catch (cause) {
        count('bug');
        options.onFault(cause);
      }
    });
  }
  return {
    ports,
    counts: () => ({ ...counts, events_dropped: events.dropped }),
    async close() {
      await Promise.all(all.map(closeUdp));
      await events.close();
    },
  };
}

/** A client repeats itself within seconds; the rest of Rackwright need not hear it each time. */
function tellSeldom(events: BoundedEvents<DhcpEvent>): (event: DhcpEvent) => void {
  const isNews = seldom({ everyMs: 10_000, remembered: 10_000 });
  return (event) => {
    const what = event.kind === 'boot_requested' ? `${event.stage} ${event.decision.kind} ${event.decision.reason}` : '';
    if (isNews(`${event.kind} ${event.networkId} ${event.mac} ${what}`, event.at)) events.offer(event);
  };
}

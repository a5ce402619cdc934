// The TFTP server: read requests only, files from a resolver and never from a path, a bounded number of transfers.
import type { RemoteInfo } from 'node:dgram';
import { decodeTftp, encodeTftp, TFTP_ERROR, type TftpPacket } from '@rackwright/protocols/tftp/codec.ts';
import { boundedEvents } from '../bounded-events.ts';
import { closeUdp, openUdp } from '../open-udp.ts';
import type { TftpLimits } from './negotiate.ts';
import { type ResolveTftpFile, runningReads, type TftpEvent } from './running-reads.ts';

export type TftpServerOptions = {
  listen: { address: string; port?: number; fd?: number };
  resolve: ResolveTftpFile;
  /** All at once; requests beyond are dropped and the client asks again. Default 256, 16 from one address. */
  transfers?: { total: number; perAddress: number };
  limits?: TftpLimits;
  /** Milliseconds, for durations. */
  now: () => number;
  onTransfer: (event: TftpEvent) => void | Promise<void>;
  onFault: (cause: unknown) => void;
};

export interface TftpServer {
  readonly port: number;
  /** Packets and transfers by fate: `requests`, `malformed`, `not_found`, `refused`, `crowded`, each outcome. */
  counts(): Readonly<Record<string, number>>;
  readonly active: number;
  close(): Promise<void>;
}

const TFTP_PORT = 69;
const EVENTS_WAITING = 1_000;
const DEFAULT_LIMITS: TftpLimits = { largestBlock: 1_468, largestWindow: 64 };
const DEFAULT_TRANSFERS = { total: 256, perAddress: 16 };

/** Throws Fault udp_bind_failed. */
export async function serveTftp(options: TftpServerOptions): Promise<TftpServer> {
  const { listen, transfers: most = DEFAULT_TRANSFERS, limits = DEFAULT_LIMITS } = options;
  const socket = await openUdp({ port: TFTP_PORT, ...listen }, 'TFTP');
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const events = boundedEvents({ limit: EVENTS_WAITING, deliver: options.onTransfer, onFault: options.onFault });
  const refuse = (to: RemoteInfo, code: number, text: string): void => {
    socket.send(encodeTftp({ kind: 'error', code, text }), to.port, to.address, () => undefined);
  };
  const { address } = listen;
  const { resolve, now, onFault } = options;
  const reads = runningReads({ address, resolve, most, limits, now, count, refuse, onEnd: events.offer, onFault });

  function receive(bytes: Uint8Array, from: RemoteInfo): void {
    const decoded = decodeTftp(bytes);
    if (!decoded.ok) return count('malformed');
    const packet = decoded.value;
    // An error is never answered with an error (RFC 1350 section 7); acks and blocks for this port are strays.
    if (packet.kind !== 'read' && packet.kind !== 'write') return count('stray');
    const refusal = refusalOf(packet);
    if (refusal !== undefined) {
      count('refused');
      return refuse(from, refusal.code, refusal.text);
    }
    reads.begin({ ...packet, kind: 'read' }, from);
  }

  socket.on('error', () => count('send_failed'));
  socket.on('message', receive);
  return {
    port: socket.address().port,
    counts: () => ({ ...counts, events_dropped: events.dropped }),
    get active() {
      return reads.active;
    },
    async close() {
      reads.stopAll();
      await closeUdp(socket);
      await events.close();
    },
  };
}

function refusalOf(packet: TftpPacket & { kind: 'read' | 'write' }): { code: number; text: string } | undefined {
  if (packet.kind === 'write') return { code: TFTP_ERROR.accessViolation, text: 'read only' };
  if (packet.mode !== 'octet') return { code: TFTP_ERROR.illegal, text: 'only octet mode' };
  return undefined;
}

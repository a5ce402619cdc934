// The TFTP server: read requests only, files from a resolver and never from a path, a bounded number of transfers.
import type { RemoteInfo, Socket } from 'node:dgram';
import { decodeTftp, encodeTftp, TFTP_ERROR, type TftpPacket } from '@rackwright/protocols/tftp/codec.ts';
import { boundedEvents } from '../bounded-events.ts';
import { closeUdp, openUdp } from '../open-udp.ts';
import { negotiate, type TftpLimits } from './negotiate.ts';
import { startTransfer, type Transfer, type TransferOutcome } from './transfer.ts';

/**
 * The bytes of a file, or undefined when there is none. The name comes from the network: without leading slashes, otherwise as sent.
 * Answers from memory or fast: firmware asks again after a second.
 */
export type ResolveTftpFile = (
  name: string,
  from: { address: string },
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export type TftpEvent = { file: string; address: string; outcome: TransferOutcome; bytes: number; tookMs: number };

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
  // By address and port of the client. An entry without transfer is one whose file is being looked up.
  const active = new Map<string, { address: string; transfer?: Transfer }>();
  let closed = false;

  async function begin(request: TftpPacket & { kind: 'read' }, from: RemoteInfo, key: string): Promise<void> {
    const started = options.now();
    const file = request.file.replaceAll('\\', '/').replace(/^\/+/, '');
    const content = await options.resolve(file, { address: from.address });
    if (closed) return;
    if (content === undefined) {
      count('not_found');
      active.delete(key);
      return refuse(socket, from, TFTP_ERROR.notFound, 'file not found');
    }
    // Each transfer has a port of its own: that is its identity on the wire (RFC 1350 section 4).
    const own = await openUdp({ address: listen.address, port: 0 }, `TFTP to ${from.address}`);
    own.on('error', () => count('send_failed'));
    if (closed) return closeUdp(own);
    const onEnd = (outcome: TransferOutcome, bytes: number) => {
      count(outcome);
      active.delete(key);
      own.close();
      events.offer({ file, address: from.address, outcome, bytes, tookMs: options.now() - started });
    };
    const terms = negotiate(request.options, content.length, limits);
    const transfer = startTransfer({ socket: own, peer: { address: from.address, port: from.port }, content, terms, onEnd });
    active.set(key, { address: from.address, transfer });
  }

  function receive(bytes: Uint8Array, from: RemoteInfo): void {
    const decoded = decodeTftp(bytes);
    if (!decoded.ok) return count('malformed');
    const packet = decoded.value;
    // An error is never answered with an error (RFC 1350 section 7); acks and blocks for this port are strays.
    if (packet.kind !== 'read' && packet.kind !== 'write') return count('stray');
    const refusal = refusalOf(packet);
    if (refusal !== undefined) {
      count('refused');
      return refuse(socket, from, refusal.code, refusal.text);
    }
    const key = `${from.address}:${from.port}`;
    // The same request again: our first answer is on its way or will be repeated.
    if (active.has(key)) return count('repeated');
    const ofAddress = [...active.values()].filter(({ address }) => address === from.address).length;
    if (active.size >= most.total || ofAddress >= most.perAddress) return count('crowded');
    count('requests');
    active.set(key, { address: from.address });
    begin({ ...packet, kind: 'read' }, from, key).catch((cause: unknown) => {
      active.delete(key);
      options.onFault(cause);
      if (!closed) refuse(socket, from, TFTP_ERROR.undefined, 'cannot be read now');
    });
  }

  socket.on('error', () => count('send_failed'));
  socket.on('message', receive);
  return {
    port: socket.address().port,
    counts: () => ({ ...counts, events_dropped: events.dropped }),
    get active() {
      return active.size;
    },
    async close() {
      closed = true;
      for (const { transfer } of active.values()) transfer?.stop();
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

function refuse(socket: Socket, to: RemoteInfo, code: number, text: string): void {
  socket.send(encodeTftp({ kind: 'error', code, text }), to.port, to.address, () => undefined);
}

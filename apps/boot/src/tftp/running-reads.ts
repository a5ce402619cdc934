// The files being sent: a bounded number, each from a socket of its own, and from looking it up to its outcome.
import type { RemoteInfo } from 'node:dgram';
import { TFTP_ERROR, type TftpPacket } from '@rackwright/protocols/tftp/codec.ts';
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

type ReadRequest = TftpPacket & { kind: 'read' };

export type ReadsOptions = {
  /** Ours. */
  address: string;
  resolve: ResolveTftpFile;
  /** All at once; requests beyond are dropped and the client asks again. */
  most: { total: number; perAddress: number };
  limits: TftpLimits;
  now: () => number;
  count: (what: string) => void;
  /** Says so to the client, from the port that it asked. */
  refuse: (to: RemoteInfo, code: number, text: string) => void;
  onEnd: (event: TftpEvent) => void;
  onFault: (cause: unknown) => void;
};

export interface RunningReads {
  /** Never throws; what becomes of it is counted. */
  begin(request: ReadRequest, from: RemoteInfo): void;
  readonly active: number;
  stopAll(): void;
}

export function runningReads(options: ReadsOptions): RunningReads {
  const { most, count, refuse } = options;
  // By address and port of the client. An entry without transfer is one whose file is being looked up.
  const active = new Map<string, { address: string; transfer?: Transfer }>();
  let stopped = false;

  async function send(request: ReadRequest, from: RemoteInfo, key: string): Promise<void> {
    const { address } = from;
    const started = options.now();
    const file = request.file.replaceAll('\\', '/').replace(/^\/+/, '');
    const content = await options.resolve(file, { address });
    if (stopped) return;
    if (content === undefined) {
      count('not_found');
      active.delete(key);
      return refuse(from, TFTP_ERROR.notFound, 'file not found');
    }
    // Each transfer has a port of its own: that is its identity on the wire (RFC 1350 section 4).
    const own = await openUdp({ address: options.address, port: 0 }, `TFTP to ${address}`);
    own.on('error', () => count('send_failed'));
    if (stopped) return closeUdp(own);
    const onEnd = (outcome: TransferOutcome, bytes: number) => {
      count(outcome);
      active.delete(key);
      own.close();
      options.onEnd({ file, address, outcome, bytes, tookMs: options.now() - started });
    };
    const terms = negotiate(request.options, content.length, options.limits);
    const transfer = startTransfer({ socket: own, peer: { address, port: from.port }, content, terms, onEnd });
    active.set(key, { address, transfer });
  }

  return {
    begin(request, from) {
      const key = `${from.address}:${from.port}`;
      // The same request again: our first answer is on its way or will be repeated.
      if (active.has(key)) return count('repeated');
      const ofAddress = [...active.values()].filter(({ address }) => address === from.address).length;
      if (active.size >= most.total || ofAddress >= most.perAddress) return count('crowded');
      count('requests');
      active.set(key, { address: from.address });
      send(request, from, key).catch((cause: unknown) => {
        active.delete(key);
        options.onFault(cause);
        if (!stopped) refuse(from, TFTP_ERROR.undefined, 'cannot be read now');
      });
    },
    get active() {
      return active.size;
    },
    stopAll() {
      stopped = true;
      for (const { transfer } of active.values()) transfer?.stop();
    },
  };
}

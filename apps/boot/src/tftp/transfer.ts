// One TFTP transfer on its own socket: sends windows, repeats them with growing pauses, ends in exactly one outcome.
import type { RemoteInfo, Socket } from 'node:dgram';
import { decodeTftp, encodeTftp, TFTP_ERROR } from '@rackwright/protocols/tftp/codec.ts';
import { type BlockSender, blockSender } from './block-sender.ts';
import type { Terms } from './negotiate.ts';

/**
 * `probed`: the client only wanted the size and said so with an error packet, which is no failure. `aborted`: it gave up on the way.
 * `silent`: it stopped answering. `stopped`: we closed.
 */
export type TransferOutcome = 'complete' | 'probed' | 'aborted' | 'silent' | 'stopped';

export type Peer = { address: string; port: number };

export type TransferOptions = {
  socket: Socket;
  /** Address and port are the transfer's identity: nobody else can acknowledge or end it. */
  peer: Peer;
  content: Uint8Array;
  terms: Terms;
  onEnd: (outcome: TransferOutcome, bytes: number) => void;
};

export interface Transfer {
  stop(): void;
}

const REPETITIONS = 6;
const LONGEST_PAUSE_MS = 8_000;
/** Progress or not, a boot file has arrived by then or never will. */
const LONGEST_TRANSFER_MS = 600_000;

export function startTransfer({ socket, peer, content, terms, onEnd }: TransferOptions): Transfer {
  const sender: BlockSender = blockSender(content, terms);
  let ended = false;
  let repeated = 0;
  let timer: NodeJS.Timeout | undefined;
  const deadline = setTimeout(() => end('silent'), LONGEST_TRANSFER_MS);

  function end(outcome: TransferOutcome): void {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    clearTimeout(deadline);
    onEnd(outcome, sender.acknowledgedBytes);
  }

  function send(packets: readonly Uint8Array[]): void {
    // A send that fails is a packet lost: the repetition mends it, or the client has gone and we stop.
    for (const packet of packets) socket.send(packet, peer.port, peer.address, () => undefined);
    clearTimeout(timer);
    timer = setTimeout(repeat, Math.min(terms.timeoutMs * 2 ** repeated, Math.max(LONGEST_PAUSE_MS, terms.timeoutMs)));
  }

  function repeat(): void {
    if (++repeated > REPETITIONS) return end('silent');
    send(sender.unanswered());
  }

  socket.on('message', (bytes: Uint8Array, from: RemoteInfo) => {
    if (ended) return;
    if (from.port !== peer.port || from.address !== peer.address) return refuseStranger(socket, from);
    const decoded = decodeTftp(bytes);
    if (!decoded.ok) return;
    if (decoded.value.kind === 'error') return end(terms.askedSize && sender.acknowledgedBytes === 0 ? 'probed' : 'aborted');
    if (decoded.value.kind !== 'ack') return;
    const answer = sender.acknowledge(decoded.value.block);
    if (answer.kind === 'late') return;
    repeated = 0;
    if (answer.kind === 'done') return end('complete');
    send(answer.packets);
  });
  send(sender.unanswered());
  return { stop: () => end('stopped') };
}

/** RFC 1350 section 4: told it is wrong, the transfer undisturbed. */
function refuseStranger(socket: Socket, from: RemoteInfo): void {
  const refusal = encodeTftp({ kind: 'error', code: TFTP_ERROR.unknownTransfer, text: 'unknown transfer' });
  socket.send(refusal, from.port, from.address, () => undefined);
}

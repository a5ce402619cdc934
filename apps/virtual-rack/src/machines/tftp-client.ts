// A firmware's TFTP client: asks for the size first, breaks off, then reads; of large files only the beginning, if told.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { decodeTftp, encodeTftp, type TftpOptions, type TftpPacket } from '@rackwright/protocols/tftp/codec.ts';
import type { Pace } from './pace.ts';

export type TftpAsk = {
  server: { address: string; port: number };
  /** Sends from here when it can be bound. */
  from?: string;
  file: string;
  options: TftpOptions;
  /** `none`: break off once the options are agreed on, as OVMF does to learn a size. */
  blocks: number | 'all' | 'none';
  pace: Pace;
  power: AbortSignal;
};

/** `text` is the server's own. */
export type TftpAnswer = { ok: true; content: Buffer; size: number | undefined } | { ok: false; text: string };

const TRIES = 5;
const ANSWER_WITHIN = 4_000;

/** Rejects when the power goes. */
export async function tftpRead(ask: TftpAsk): Promise<TftpAnswer> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, ask.from, () => resolve());
    });
    return await receive(socket, ask);
  } finally {
    socket.close();
  }
}

type Progress = { blocks: Buffer[]; blockSize: number; window: number; size: number | undefined; acknowledged: number };

function receive(socket: Socket, ask: TftpAsk): Promise<TftpAnswer> {
  return new Promise((resolve, reject) => {
    const { server, power, pace } = ask;
    const progress: Progress = { blocks: [], blockSize: 512, window: 1, size: undefined, acknowledged: 0 };
    let target: { address: string; port: number } = server;
    let last: TftpPacket = { kind: 'read', file: ask.file, mode: 'octet', options: ask.options };
    let left = TRIES;

    const end = (deed: () => void) => {
      clearTimeout(timer);
      power.removeEventListener('abort', cut);
      socket.off('message', take);
      deed();
    };
    const say = (packet: TftpPacket) => {
      last = packet;
      socket.send(encodeTftp(packet), target.port, target.address, () => undefined);
      timer.refresh();
    };
    const again = () => {
      left -= 1;
      if (left > 0) say(last);
      else end(() => resolve({ ok: false, text: 'no answer' }));
    };
    const cut = () => end(() => reject(power.reason));
    const take = (bytes: Buffer, from: RemoteInfo) => {
      // A transfer's answers come from a port of its own (RFC 1350 section 4); another's are not ours.
      if (target !== server && from.port !== target.port) return;
      const decoded = decodeTftp(bytes);
      if (!decoded.ok) return;
      target = from;
      left = TRIES;
      const next = answerTo(decoded.value, progress, ask.blocks);
      if (next.say) say(next.say);
      if (next.end) end(() => resolve(next.end as TftpAnswer));
    };
    const timer = setTimeout(again, pace.patience(ANSWER_WITHIN));
    socket.on('error', () => undefined);
    if (power.aborted) return cut();
    power.addEventListener('abort', cut);
    socket.on('message', take);
    say(last);
  });
}

type Next = { say?: TftpPacket; end?: TftpAnswer };
const BREAK_OFF: TftpPacket = { kind: 'error', code: 8, text: 'User aborted the transfer' };

function answerTo(packet: TftpPacket, progress: Progress, wanted: TftpAsk['blocks']): Next {
  switch (packet.kind) {
    case 'error':
      return { end: { ok: false, text: packet.text } };
    case 'option_ack': {
      const agreed = new Map(packet.options);
      progress.blockSize = Number(agreed.get('blksize') ?? 512);
      progress.window = Number(agreed.get('windowsize') ?? 1);
      progress.size = agreed.has('tsize') ? Number(agreed.get('tsize')) : undefined;
      if (wanted === 'none') return { say: BREAK_OFF, end: whole(progress) };
      return { say: { kind: 'ack', block: 0 } };
    }
    case 'block':
      return takeBlock(packet, progress, wanted);
    default:
      return {};
  }
}

function takeBlock(packet: Extract<TftpPacket, { kind: 'block' }>, progress: Progress, wanted: TftpAsk['blocks']): Next {
  const { blocks, window, blockSize } = progress;
  // Lost or double: say where we are, and the server goes on from there (RFC 7440 section 4).
  if (packet.block !== ((blocks.length + 1) & 0xffff)) return { say: { kind: 'ack', block: blocks.length & 0xffff } };
  blocks.push(Buffer.from(packet.content));
  if (packet.content.length < blockSize) return { say: { kind: 'ack', block: packet.block }, end: whole(progress) };
  if (wanted !== 'all' && wanted !== 'none' && blocks.length >= wanted) return { say: BREAK_OFF, end: whole(progress) };
  if (blocks.length - progress.acknowledged < window) return {};
  progress.acknowledged = blocks.length;
  return { say: { kind: 'ack', block: packet.block } };
}

function whole({ blocks, size }: Progress): TftpAnswer {
  return { ok: true, content: Buffer.concat(blocks), size };
}

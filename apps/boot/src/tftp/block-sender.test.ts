// Transfers end whole over windows, losses, repeated acknowledgements and the turn of the block numbers.
import { decodeTftp } from '@rackwright/protocols/tftp/codec.ts';
import { seededNumbers } from '@rackwright/testkit/vectors/mutate-seeded.ts';
import { describe, expect, test } from 'vitest';
import { blockSender } from './block-sender.ts';
import { negotiate } from './negotiate.ts';

const LIMITS = { largestBlock: 1468, largestWindow: 64 };

/** A client that follows RFC 7440: takes blocks in order, acknowledges the last good one whenever it heard something. */
function receiveAll(content: Uint8Array, terms: { blockSize: number; windowSize: number }, loses: () => boolean): Uint8Array {
  const sender = blockSender(content, { ...terms, agreed: [] });
  const parts: Uint8Array[] = [];
  let packets = sender.unanswered();
  for (let rounds = 0; rounds < 100_000; rounds++) {
    const heard = packets.filter(() => !loses()).map(readBlock);
    for (const { block, content: part } of heard) if (block === (parts.length + 1) % 0x10000) parts.push(part);
    const answer = heard.length > 0 && !loses() ? sender.acknowledge(parts.length % 0x10000) : undefined;
    if (answer?.kind === 'done') return Buffer.concat(parts);
    // Silence, or an acknowledgement that brought nothing new: the sender's timer repeats.
    packets = answer?.kind === 'more' ? answer.packets : sender.unanswered();
  }
  throw new Error('does not end');
}

function readBlock(packet: Uint8Array): { block: number; content: Uint8Array } {
  const decoded = decodeTftp(packet);
  if (!decoded.ok || decoded.value.kind !== 'block') throw new Error('not a block');
  return decoded.value;
}

function file(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => (n * 31) & 0xff);
}

test.each([
  [0, 512, 1],
  [511, 512, 1],
  [512, 512, 1],
  [513, 512, 4],
  [100_000, 1468, 16],
  [8 * 70_000, 8, 64],
])('%i bytes in blocks of %i and windows of %i arrive whole', (length, blockSize, windowSize) => {
  const content = file(length);
  expect(
    Buffer.compare(
      receiveAll(content, { blockSize, windowSize }, () => false),
      content,
    ),
  ).toBe(0);
});

test.each([1, 4, 16])('with one packet in five lost, in windows of %i', (windowSize) => {
  const next = seededNumbers(7);
  const content = file(60_000);
  expect(
    Buffer.compare(
      receiveAll(content, { blockSize: 512, windowSize }, () => next() % 5 === 0),
      content,
    ),
  ).toBe(0);
});

describe('acknowledgements', () => {
  const sender = () => blockSender(file(5_000), { blockSize: 512, windowSize: 4, agreed: [['windowsize', '4']] });

  test('the options first: block 0 opens the window', () => {
    const s = sender();
    expect(s.unanswered().map((packet) => decodeTftp(packet))).toEqual([
      { ok: true, value: { kind: 'option_ack', options: [['windowsize', '4']] } },
    ]);
    expect(s.acknowledge(1)).toEqual({ kind: 'late' });
    const answer = s.acknowledge(0);
    expect(answer.kind === 'more' && answer.packets.length).toBe(4);
  });

  test('a repeated or impossible one is met with silence', () => {
    const s = sender();
    s.acknowledge(0);
    expect(s.acknowledge(0)).toEqual({ kind: 'late' });
    expect(s.acknowledge(5)).toEqual({ kind: 'late' });
    expect(s.acknowledge(65_535)).toEqual({ kind: 'late' });
    expect(s.acknowledge(2).kind).toBe('more');
    expect(s.acknowledge(1)).toEqual({ kind: 'late' });
    expect(s.acknowledgedBytes).toBe(1_024);
  });

  test('the last one ends it', () => {
    const s = blockSender(file(3), { blockSize: 512, windowSize: 1, agreed: [] });
    expect(s.acknowledge(1)).toEqual({ kind: 'done' });
    expect(s.acknowledgedBytes).toBe(3);
  });
});

describe('options', () => {
  test('what firmware asks is granted within our limits, in its order', () => {
    const asked = [
      ['tsize', '0'],
      ['blksize', '65464'],
      ['windowsize', '4'],
      ['timeout', '3'],
      ['multicast', ''],
    ] as const;
    expect(negotiate(asked, 996_864, LIMITS)).toEqual({
      blockSize: 1468,
      windowSize: 4,
      timeoutMs: 3_000,
      askedSize: true,
      agreed: [
        ['tsize', '996864'],
        ['blksize', '1468'],
        ['windowsize', '4'],
        ['timeout', '3'],
      ],
    });
  });

  test.each([
    ['blksize', '7'],
    ['blksize', '65465'],
    ['blksize', '-1'],
    ['blksize', '1e3'],
    ['blksize', ''],
    ['windowsize', '0'],
    ['timeout', '256'],
    ['tsize', '99999999999'],
  ])('%s=%s is as if not sent', (name, value) => {
    expect(negotiate([[name, value]], 1, LIMITS)).toEqual({
      blockSize: 512,
      windowSize: 1,
      timeoutMs: 1_000,
      askedSize: false,
      agreed: [],
    });
  });
});

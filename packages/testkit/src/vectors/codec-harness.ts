// The four tests every codec gets for free: a new packet is a new text file, not new code.
import { describe, expect, test } from 'vitest';
import type { Vector } from './load-vectors.ts';
import { mutateSeeded } from './mutate-seeded.ts';
import { asHex, asJson } from './vector-values.ts';

export type Codec<T> = {
  decode: (bytes: Uint8Array) => { ok: true; value: T } | { ok: false; fault: string };
  encode: (value: T) => Uint8Array;
};

const MUTATIONS = 10_000;
/** One decode may never take longer; a mutation that loops shows here and not as a hanging test run. */
const LONGEST_DECODE_MS = 250;

/**
 * Registers, for each vector: decodes to the value; encodes to the same bytes; every prefix is refused or is itself; ten thousand
 * seeded mutations never throw and never run long. Bytes within values stand in the vectors as hex text.
 */
export function testCodec<T>(vectors: readonly Vector[], codec: Codec<T>): void {
  for (const vector of vectors) {
    describe(vector.name, () => {
      test('decodes', () => expect(asJson(codec.decode(vector.bytes))).toEqual({ ok: true, value: vector.value }));
      test('encodes to the same bytes', () => {
        const decoded = codec.decode(vector.bytes);
        if (!decoded.ok) throw new Error(decoded.fault);
        expect(asHex(codec.encode(decoded.value))).toBe(asHex(vector.bytes));
      });
      test('cut anywhere, it is refused or it is itself', () => {
        for (let length = 0; length < vector.bytes.length; length++) {
          const cut = vector.bytes.slice(0, length);
          const decoded = codec.decode(cut);
          if (decoded.ok) expect(asHex(codec.encode(decoded.value)), `the first ${length} bytes`).toBe(asHex(cut));
        }
      });
      test('mutations never throw and never run long', () => {
        mutateSeeded(vector.bytes, MUTATIONS, (mutation) => expectShort(codec, mutation));
      });
    });
  }
}

function expectShort<T>(codec: Codec<T>, mutation: Uint8Array): void {
  let shortest = Number.POSITIVE_INFINITY;
  // Again when it looked slow: a busy machine may take the processor away once, a loop is slow each time.
  for (let tries = 0; tries < 3 && shortest > LONGEST_DECODE_MS; tries++) {
    const start = performance.now();
    const decoded = codec.decode(mutation);
    // What was accepted must also be sayable again: a server answers by echoing parts of what it read.
    if (decoded.ok) codec.encode(decoded.value);
    shortest = Math.min(shortest, performance.now() - start);
  }
  if (shortest > LONGEST_DECODE_MS) throw new Error(`${shortest.toFixed(0)} ms for ${asHex(mutation)}`);
}

export { asHex, asJson };

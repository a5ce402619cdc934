// The loader refuses what would prove nothing, and the mutations are the same on every machine.
import { expect, test } from 'vitest';
import { parseVector } from './load-vectors.ts';
import { mutateSeeded } from './mutate-seeded.ts';

const GOOD = 'what  a packet\nfrom  by hand, RFC 1\n\n00 01  # request\n0203\n\n=> { "kind": "read" }\n';

test('a vector is its bytes, its origin and its value', () => {
  expect(parseVector('good', GOOD)).toEqual({
    name: 'good',
    what: 'a packet',
    from: 'by hand, RFC 1',
    bytes: Uint8Array.of(0, 1, 2, 3),
    value: { kind: 'read' },
  });
});

test.each([
  ['no origin', GOOD.replace(/^from.*\n/m, ''), 'no "from" line'],
  ['no description', GOOD.replace(/^what.*\n/m, ''), 'no "what" line'],
  ['no value', GOOD.replace(/^=>.*\n/m, ''), 'no "=>" line'],
  ['half a byte', GOOD.replace('0203', '023'), '"023" is not hex'],
])('%s is refused', (_why, text, message) => {
  expect(() => parseVector('bad', text)).toThrow(message);
});

test('the same seed breaks the same way, another seed another way', () => {
  const broken = (seed: number) => {
    const all: string[] = [];
    mutateSeeded(Uint8Array.of(1, 2, 3, 4, 5), 50, (bytes) => all.push([...bytes].join()), seed);
    return all;
  };
  expect(broken(1)).toEqual(broken(1));
  expect(broken(1)).not.toEqual(broken(2));
  expect(new Set(broken(1)).size).toBeGreaterThan(25);
});

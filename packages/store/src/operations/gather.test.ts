// What is asked for at once goes together; one that is in the way, or spoilt, holds up and spoils nobody else.
import { expect, test } from 'vitest';
import { gather, type GatherOptions } from './gather.ts';

type Round = { items: readonly string[]; end(answers: (string | undefined)[]): void; fail(error: unknown): void };

/** Rounds that end when the test says so. */
function rounds(options: Partial<GatherOptions<string, string>> = {}) {
  const begun: Round[] = [];
  const ask = gather<string, string>({
    together: (items) => new Promise((end, fail) => begun.push({ items, end, fail })),
    alone: async (item) => `${item} alone`,
    hopeless: () => false,
    most: 10,
    ...options,
  });
  return { begun, ask };
}

const settled = () => new Promise<void>((done) => setImmediate(done));

test('what comes during a round goes with the next, at most so many', async () => {
  const { begun, ask } = rounds({ most: 2 });
  const answers = ['a', 'b', 'c', 'd'].map(ask);
  expect(begun.map(({ items }) => items)).toEqual([['a']]);
  begun[0]?.end(['A']);
  await settled();
  expect(begun[1]?.items).toEqual(['b', 'c']);
  begun[1]?.end(['B', 'C']);
  await settled();
  begun[2]?.end(['D']);
  expect(await Promise.all(answers)).toEqual(['A', 'B', 'C', 'D']);
});

test('one without an answer is done alone, and the next round does not wait for it', async () => {
  const stuck = new Promise<string>(() => undefined);
  const { begun, ask } = rounds({ alone: () => stuck });
  const inTheWay = ask('locked');
  begun[0]?.end([undefined]);
  await settled();
  const next = ask('free');
  begun[1]?.end(['done']);
  expect(await Promise.race([next, inTheWay])).toBe('done');
});

test('a round that fails is done one by one; one that is hopeless fails for all, and the next begins', async () => {
  const { begun, ask } = rounds({ hopeless: (error) => error === 'no database' });
  const first = ask('x');
  const [good, bad] = [ask('good'), ask('bad')];
  begun[0]?.end(['X']);
  await settled();
  begun[1]?.fail(new Error('bad value'));
  expect(await Promise.all([first, good, bad])).toEqual(['X', 'good alone', 'bad alone']);

  const lost = Promise.allSettled([ask('a')]);
  begun[2]?.fail('no database');
  expect(await lost).toEqual([{ status: 'rejected', reason: 'no database' }]);
  const after = ask('b');
  begun[3]?.end(['B']);
  expect(await after).toBe('B');
});

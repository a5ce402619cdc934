// Hundreds who ask at once are answered by two runs, and nobody by one that began before they asked.
import { expect, test } from 'vitest';
import { shareNext } from './share-next.ts';

function slowFetch() {
  const runs: PromiseWithResolvers<number>[] = [];
  const fetch = (): Promise<number> => {
    const run = Promise.withResolvers<number>();
    runs.push(run);
    return run.promise;
  };
  return { runs, fetch };
}

/** Whatever was due after the promises that are settled has happened. */
const settled = () => new Promise((done) => setImmediate(done));

test('who asks while one run is under way shares the next, which begins when that is over', async () => {
  const { runs, fetch } = slowFetch();
  const ask = shareNext(fetch);
  const first = ask();
  const others = Array.from({ length: 300 }, () => ask());
  await settled();
  expect(runs).toHaveLength(1);
  runs[0]?.resolve(1);
  await settled();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve(2);
  expect([await first, new Set(await Promise.all(others))]).toEqual([1, new Set([2])]);
  await settled();
  const later = ask();
  expect(runs).toHaveLength(3);
  runs[2]?.resolve(3);
  expect(await later).toBe(3);
});

test('a run that fails is told to those who shared it, and the next begins all the same', async () => {
  const { runs, fetch } = slowFetch();
  const ask = shareNext(fetch);
  const [first, second] = await Promise.all([
    Promise.allSettled([ask()]),
    Promise.allSettled([ask(), ask()]),
    settled()
      .then(() => runs[0]?.reject(new Error('the API server is away')))
      .then(settled)
      .then(() => runs.slice(1).forEach((run) => run.resolve(2))),
  ]);
  expect(first).toMatchObject([{ status: 'rejected', reason: { message: 'the API server is away' } }]);
  expect(second).toEqual([
    { status: 'fulfilled', value: 2 },
    { status: 'fulfilled', value: 2 },
  ]);
});

test('who asks between the end of one run and the start of the next does not start a third', async () => {
  const { runs, fetch } = slowFetch();
  const ask = shareNext(fetch);
  const between: Promise<number>[] = [];
  // Asks in the very turn in which the first is over, before the one who waits has begun.
  void ask().then(() => void between.push(ask()));
  const waiting = ask();
  runs[0]?.resolve(1);
  await settled();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve(2);
  expect([await waiting, await between[0]]).toEqual([2, 2]);
});

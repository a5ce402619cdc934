// The dead never take the places of the living, and nobody takes more places than there are.
import { expect, test } from 'vitest';
import { lanes } from './lanes.ts';

const SLOW_MS = 5;

/** Work that ends when it is told to. */
function held(): { work: () => Promise<void>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve };
}

test('silent ones fill their own lane only', async () => {
  const two = lanes({ living: 2, silent: 1, slowMs: 60_000 }, () => {});
  const dead = held();
  two.release({ ...two.reserve(), silent: 0 });
  two.run('silent', dead.work);
  expect(two.free()).toEqual({ living: 2, silent: 0 });
  dead.end();
  await two.idle();
  expect(two.free()).toEqual({ living: 2, silent: 1 });
});

test('one that turns out slow moves over while there is room, and its place is free for the living', async () => {
  const { promise: freed, resolve } = Promise.withResolvers<void>();
  const two = lanes({ living: 2, silent: 1, slowMs: SLOW_MS }, resolve);
  const [one, other] = [held(), held()];
  expect(two.reserve()).toEqual({ living: 2, silent: 1 });
  expect(two.free()).toEqual({ living: 0, silent: 0 });
  two.release({ living: 0, silent: 1 });
  two.run('living', one.work);
  two.run('living', other.work);
  expect(two.free()).toEqual({ living: 0, silent: 1 });
  await freed;
  // The second stays: the other lane is full, and the number of those at work stays bounded.
  expect(two.free()).toEqual({ living: 1, silent: 0 });
  one.end();
  other.end();
  await two.idle();
  expect(two.free()).toEqual({ living: 2, silent: 1 });
});

test('work that fails gives its place back', async () => {
  const two = lanes({ living: 1, silent: 1, slowMs: SLOW_MS }, () => {});
  two.release({ ...two.reserve(), living: 0 });
  two.run('living', () => Promise.reject(new Error('broken')));
  await two.idle();
  expect(two.free()).toEqual({ living: 1, silent: 1 });
});

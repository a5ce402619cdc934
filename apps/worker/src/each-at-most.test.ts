// Many at a bounded rate: never more than allowed at once, each once, and a failure that waits for what was begun.
import { expect, test } from 'vitest';
import { eachAtMost, inLanes } from './each-at-most.ts';

const nextTurn = () => new Promise<void>((turn) => setImmediate(turn));

test('each is done once, and never more than allowed at once', async () => {
  const done: number[] = [];
  let [now, most] = [0, 0];
  await eachAtMost(3, [1, 2, 3, 4, 5, 6, 7], async (n) => {
    most = Math.max(most, ++now);
    await nextTurn();
    now--;
    done.push(n);
  });
  expect([done, most]).toEqual([[1, 2, 3, 4, 5, 6, 7], 3]);
});

test('the first failure is told when everything that was begun has ended', async () => {
  const ended: number[] = [];
  const working = eachAtMost(2, [1, 2, 3, 4], async (n) => {
    if (n === 1) throw new Error('the first');
    await nextTurn();
    ended.push(n);
    if (n === 4) throw new Error('a later one');
  });
  await expect(working).rejects.toThrow('the first');
  expect(ended).toEqual([2, 3, 4]);
});

test('no lane where there is no room', async () => {
  let begun = 0;
  await inLanes(-2, async () => void begun++);
  await inLanes(0, async () => void begun++);
  expect(begun).toBe(0);
});

// Results are written together, once each, and are not lost when a write fails.
import { Fault } from '@rackwright/domain/errors.ts';
import { expect, test, vi } from 'vitest';
import { batches } from './batches.ts';

const away = () => new Fault({ code: 'database_unreachable', doing: 'write', retry: 'soon' });

test('what came in a moment goes out in one write; what fails goes out with the next', async () => {
  const written: number[][] = [];
  const trouble: unknown[] = [];
  let fails = true;
  const results = batches<number>({
    most: 100,
    everyMs: 5,
    onTrouble: (thrown) => trouble.push(thrown),
    async write(batch) {
      if (fails) throw away();
      written.push([...batch]);
    },
  });
  for (const n of [1, 2, 3]) results.add(n);
  await vi.waitFor(() => expect(trouble.length).toBeGreaterThan(0));
  expect(results.waiting()).toBe(3);
  results.add(4);
  fails = false;
  await vi.waitFor(() => expect(results.waiting()).toBe(0));
  expect(written.flat()).toEqual([1, 2, 3, 4]);
  await results.close();
});

test('never two writes at once, never more than the most in one, and closing writes the rest', async () => {
  const sizes: number[] = [];
  let writing = 0;
  const results = batches<number>({
    most: 10,
    everyMs: 1,
    onTrouble: () => {},
    async write(batch) {
      writing += 1;
      expect(writing).toBe(1);
      sizes.push(batch.length);
      await Promise.resolve();
      writing -= 1;
    },
  });
  for (let n = 0; n < 95; n++) results.add(n);
  await results.close();
  expect(results.waiting()).toBe(0);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(95);
});

test('closing ends although the database stays away', async () => {
  const results = batches<number>({
    most: 10,
    everyMs: 60_000,
    onTrouble: () => {},
    write: () => Promise.reject(away()),
  });
  results.add(1);
  await results.close();
  expect(results.waiting()).toBe(1);
});

test('one that can never be written holds up nobody else', async () => {
  const written: number[] = [];
  const results = batches<number>({
    most: 4,
    everyMs: 1,
    onTrouble: () => {},
    async write(batch) {
      if (batch.includes(6)) throw new Error('invalid byte sequence');
      written.push(...batch);
    },
  });
  for (let n = 0; n < 20; n++) results.add(n);
  await vi.waitFor(() => expect(results.waiting()).toBe(0));
  expect(written).toEqual(Array.from({ length: 20 }, (_, n) => n).filter((n) => n !== 6));
  await results.close();
});

// The gate: who gets in, who waits, who is sent away.
import { expect, test } from 'vitest';
import { gate } from './gate.ts';

const REFUSAL = { code: 'full', retryAfterSeconds: 2 };

test('one inside, one in line, the third is refused; the line moves up', async () => {
  const one = gate(1, REFUSAL, 1);
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const inside = one.through(() => first.promise);
  const inLine = one.through(async () => void order.push('second'));
  await expect(one.through(async () => undefined)).rejects.toMatchObject({ status: 503, code: 'full', retryAfterSeconds: 2 });
  expect([one.inside, order]).toEqual([1, []]);
  first.resolve();
  await Promise.all([inside, inLine]);
  expect([one.inside, order]).toEqual([0, ['second']]);
});

test('a deed that fails leaves too', async () => {
  const one = gate(1, REFUSAL);
  await expect(one.through(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(one.inside).toBe(0);
});

// What a person is shown of a drain that does not end.
import { expect, test } from 'vitest';
import { drainBlockers, type RemainingPod } from './drain.ts';

const pod = (name: string, change: Partial<RemainingPod> = {}): RemainingPod => ({
  namespace: 'shop',
  name,
  uid: name,
  since: '2026-01-01T00:00:00Z',
  ...change,
});

test('pods that a budget holds come before those that are leaving', () => {
  const held = { budget: 'shop/db', message: 'needs 2 healthy pods and has 2 currently' };
  expect(drainBlockers([pod('web'), pod('db-0', { blockedBy: held, since: null })])).toEqual([
    { pod: 'shop/db-0', budget: 'shop/db', blockedBy: held.message, since: null },
    { pod: 'shop/web', budget: null, blockedBy: 'termination', since: '2026-01-01T00:00:00Z' },
  ]);
});

test('the list is bounded', () => {
  expect(drainBlockers(Array.from({ length: 250 }, (_, n) => pod(`p${n}`)))).toHaveLength(20);
});

// The pool keeps its promises over time: same client same address, nobody else's, and room again once leases lapse.
import { expect, test } from 'vitest';
import { leasePool } from './lease-pool.ts';

const pool = (taken: string[] = []) =>
  leasePool({ first: '10.0.0.1', last: '10.0.0.3', leaseMs: 1_000_000, isTaken: (address) => taken.includes(address) });

test('a client keeps its address, also after an offer it did not take up at once', () => {
  const leases = pool();
  const first = leases.offer('a', undefined, 0) ?? '';
  expect(leases.offer('a', undefined, 30_000)).toBe(first);
  expect(leases.confirm('a', first, 30_001)).toBe(true);
  expect(leases.held('a', 900_000)).toBe(first);
  expect(leases.offer('a', '10.0.0.2', 900_000)).toBe(first);
});

test('two replicas that know the same propose the same', () => {
  expect(pool().offer('02:00:00:00:00:09', undefined, 0)).toBe(pool().offer('02:00:00:00:00:09', undefined, 5));
});

test('what is reserved or held by another is not given, even when asked for', () => {
  const leases = pool(['10.0.0.2']);
  expect(leases.offer('a', '10.0.0.2', 0)).not.toBe('10.0.0.2');
  const mine = leases.offer('a', undefined, 0) ?? '';
  expect(leases.confirm('b', mine, 0)).toBe(false);
  expect(leases.confirm('b', '10.0.0.2', 0)).toBe(false);
  expect(leases.confirm('b', '10.0.0.9', 0)).toBe(false);
  expect(leases.confirm('b', 'nonsense', 0)).toBe(false);
});

test('when it is full it says so, until the soonest lapses', () => {
  const leases = pool();
  for (const mac of ['a', 'b', 'c']) leases.offer(mac, undefined, 0);
  expect(leases.offer('d', undefined, 59_999)).toBeUndefined();
  expect(leases.offer('d', undefined, 60_000)).toBeDefined();
  expect(leases.size).toBeLessThanOrEqual(3);
});

test('a lease from before a restart is taken over', () => {
  const leases = pool();
  expect(leases.confirm('a', '10.0.0.2', 0)).toBe(true);
  expect(leases.held('a', 999_999)).toBe('10.0.0.2');
  expect(leases.held('a', 1_000_000)).toBeUndefined();
});

test("nobody can release or decline another's address", () => {
  const leases = pool();
  leases.confirm('a', '10.0.0.2', 0);
  leases.release('b', '10.0.0.2');
  leases.decline('b', '10.0.0.2', 0);
  expect(leases.held('a', 1)).toBe('10.0.0.2');
});

test.each([
  ['10.0.0.9', '10.0.0.1'],
  ['10.0.0.1', '10.2.0.1'],
  ['x', '10.0.0.1'],
])('%s to %s is no pool', (first, last) => {
  expect(() => leasePool({ first, last, leaseMs: 1, isTaken: () => false })).toThrow(RangeError);
});

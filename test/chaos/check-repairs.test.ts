// What the checker says of servers that come back from repair.
import { expect, test } from 'vitest';
import { checkRepairs } from './check-repairs.ts';
import type { History } from './history.ts';

function moved(...states: string[]): History['events'] {
  return states.slice(1).map((to, n) => ({
    seq: n + 1,
    at: n,
    kind: 'server.moved',
    serverId: 'srv_1',
    operationId: null,
    payload: { from: states[n], to },
  }));
}
const told = (...states: string[]) => checkRepairs({ events: moved(...states) }).map(({ says }) => says);

test('back to where it was taken from, through every repetition', () => {
  expect(told('in_service', 'isolating', 'in_repair', 'validating', 'in_service')).toEqual([]);
  expect(told('available', 'isolating', 'in_repair', 'validating', 'in_repair', 'validating', 'available')).toEqual([]);
  expect(told('in_service', 'isolating', 'quarantined', 'isolating', 'in_repair', 'validating', 'in_service')).toEqual([]);
  expect(told('in_service', 'isolating', 'in_repair', 'isolating', 'in_repair', 'validating', 'quarantined')).toEqual([]);
});

test('what served is not handed out, and what did not serve does not serve', () => {
  expect(told('in_service', 'isolating', 'in_repair', 'validating', 'available')).toEqual([
    'event 4: taken from in_service, it came back available',
  ]);
  expect(told('quarantined', 'isolating', 'in_repair', 'validating', 'in_service')).toHaveLength(1);
  expect(told('available', 'isolating', 'in_repair', 'validating', 'in_service')).toHaveLength(1);
});

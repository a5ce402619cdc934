// The promises that the life-cycle table makes.
import { expect, test } from 'vitest';
import { allowed, MOVES, next, STATES, type ServerState } from './table.ts';

const names = Object.keys(STATES) as ServerState[];

function reachableFrom(start: ServerState): Set<ServerState> {
  const seen = new Set<ServerState>([start]);
  for (const state of seen) for (const [from, , to] of MOVES) if (from === state) seen.add(to);
  return seen;
}

test('a working state is left by finishing or failing, and by its workflow alone', () => {
  for (const name of names) {
    if (STATES[name].kind !== 'working') continue;
    const ways = ['releasing', 'provisioning', 'reimaging'].includes(name) ? ['fail', 'finish', 'keep'] : ['fail', 'finish'];
    expect(allowed(name, 'workflow').sort()).toEqual(ways);
    expect([...allowed(name, 'operator'), ...allowed(name, 'network')]).toEqual([]);
  }
});

test('a resting state is never left by a workflow', () => {
  for (const name of names) if (STATES[name].kind === 'resting') expect(allowed(name, 'workflow')).toEqual([]);
});

test('no two moves share a start and an event', () => {
  const pairs = MOVES.map(([from, on]) => `${from} ${on}`);
  expect(new Set(pairs).size).toBe(pairs.length);
});

test('every state can be reached from discovered', () => {
  expect([...reachableFrom('discovered')].sort()).toEqual([...names].sort());
});

test('only retired is a dead end', () => {
  expect(names.filter((name) => !MOVES.some(([from]) => from === name))).toEqual(['retired']);
});

test('what may hold data leaves only through a workflow that erases, or is installed again without its data disks being touched', () => {
  for (const dirty of ['in_service', 'provisioning_failed', 'quarantined'] as const) {
    const ways = MOVES.filter(([from, , , by]) => from === dirty && by === 'operator').map(([, , to]) => to);
    expect(ways.filter((to) => !['releasing', 'provisioning', 'reimaging', 'retiring'].includes(to))).toEqual([]);
  }
});

test('a record is closed at once only where nothing was ever installed, and else by retiring', () => {
  const closing = MOVES.filter(([, , to]) => to === 'retired').map(([from, on]) => `${from} ${on}`);
  expect(closing.sort()).toEqual(['discovered retire', 'onboarding_failed write_off', 'registered retire', 'retiring finish']);
  expect(next('in_service', 'retire')).toBeUndefined();
});

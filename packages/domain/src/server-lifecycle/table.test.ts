// The promises that the life-cycle table makes.
import { expect, test } from 'vitest';
import { allowed, isServing, MOVES, next, SERVING, STATES, type ServerState, wayBack } from './table.ts';

const names = Object.keys(STATES) as ServerState[];

function reachableFrom(start: ServerState): Set<ServerState> {
  const seen = new Set<ServerState>([start]);
  for (const state of seen) for (const [from, , to] of MOVES) if (from === state) seen.add(to);
  return seen;
}

test('a working state is left by finishing or failing, and by its workflow alone', () => {
  for (const name of names) {
    if (STATES[name].kind !== 'working') continue;
    const ways = allowed(name, 'workflow');
    expect(ways).toEqual(expect.arrayContaining(['fail', 'finish']));
    expect(ways.filter((way) => !/^(fail|finish|finish_\w+|keep|keep_\w+)$/.test(way))).toEqual([]);
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

test('what serves is what may be remediated, and nothing else', () => {
  const remediated = MOVES.filter(([, on]) => on === 'remediate').map(([from]) => from);
  expect(names.filter(isServing)).toEqual(names.filter((name) => (remediated as readonly string[]).includes(name)));
  expect(names.filter(isServing).sort()).toEqual([...SERVING].sort());
  expect(isServing('a state of another version')).toBe(false);
});

test('only retired is a dead end', () => {
  expect(names.filter((name) => !MOVES.some(([from]) => from === name))).toEqual(['retired']);
});

test('what may hold data leaves only through a workflow that erases, or is installed again without its data disks being touched', () => {
  const erases = ['releasing', 'provisioning', 'reimaging', 'retiring'];
  // Restarting it, or believing that it is well, hands it to nobody.
  const keepsItsOwner = ['remediating', 'in_service', 'isolating'];
  for (const dirty of ['in_service', 'degraded', 'provisioning_failed', 'quarantined'] as const) {
    const ways = MOVES.filter(([from, , , by]) => from === dirty && by === 'operator').map(([, , to]) => to);
    expect(ways.filter((to) => ![...erases, ...keepsItsOwner].includes(to))).toEqual([]);
  }
});

test('a record is closed at once only where nothing was ever installed, and else by retiring', () => {
  const closing = MOVES.filter(([, , to]) => to === 'retired').map(([from, on]) => `${from} ${on}`);
  expect(closing.sort()).toEqual([
    'discovered retire',
    'in_repair write_off',
    'onboarding_failed write_off',
    'registered retire',
    'retiring finish',
  ]);
  expect(next('in_service', 'retire')).toBeUndefined();
});

test('a repair is left by hands that are done with it, by erasing, or not at all', () => {
  const ways = MOVES.filter(([from, , , by]) => from === 'in_repair' && by === 'operator').map(([, , to]) => to);
  expect(ways.sort()).toEqual(['isolating', 'releasing', 'retired', 'retiring', 'validating']);
});

test('whatever can be isolated can be given back untouched, and to nowhere else', () => {
  const origins = MOVES.filter(([, on]) => on === 'isolate').map(([from]) => from);
  expect(origins.length).toBeGreaterThan(5);
  for (const origin of names) {
    const back = wayBack('isolating', origin);
    expect(back === undefined ? undefined : next('isolating', back)).toBe(origins.some((o) => o === origin) ? origin : undefined);
  }
  expect(wayBack('releasing', 'in_service')).toBe('keep');
  expect(wayBack('releasing', 'quarantined')).toBeUndefined();
});

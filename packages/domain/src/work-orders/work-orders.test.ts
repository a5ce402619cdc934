// The promises of the work-order table, and when it is safe to pull.
import { expect, test } from 'vitest';
import { judgeSafeToPull, type PowerSighting, SIGHTING_GOOD_FOR } from './safe-to-pull.ts';
import {
  actionsOn,
  AT_THE_RACK,
  countsAsAttempt,
  isOver,
  nextOfWorkOrder,
  scanMatches,
  WORK_ORDER_MOVES,
  WORK_ORDER_STATES,
  type WorkOrderState,
} from './table.ts';

const names = Object.keys(WORK_ORDER_STATES) as WorkOrderState[];

/** Every state that can be reached from `start` without passing through one of `without`. */
function reachable(start: WorkOrderState, without: readonly WorkOrderState[] = []): Set<WorkOrderState> {
  const seen = new Set<WorkOrderState>([start]);
  for (const state of seen)
    for (const [from, , to] of WORK_ORDER_MOVES) if (from === state && !without.includes(to)) seen.add(to);
  return seen;
}

test('every state can be reached from open; only what is over is a dead end', () => {
  expect([...reachable('open')].sort()).toEqual([...names].sort());
  for (const name of names) expect(WORK_ORDER_MOVES.some(([from]) => from === name)).toBe(!isOver(name));
});

test('no two moves share a start and an event', () => {
  const pairs = WORK_ORDER_MOVES.map(([from, on]) => `${from} ${on}`);
  expect(new Set(pairs).size).toBe(pairs.length);
});

test('without a scan nothing is drained, and without draining nothing is opened', () => {
  expect(reachable('open', ['verified'])).not.toContain('draining');
  expect(reachable('open', ['draining'])).not.toContain('safe');
  expect(reachable('open', ['safe'])).not.toContain('in_progress');
  // Who takes over stands at the rack for the first time: they scan too.
  for (const [, on, to] of WORK_ORDER_MOVES) if (on === 'assign') expect(to).toBe('assigned');
  expect(reachable('assigned', ['verified'])).not.toContain('draining');
});

test('an operation alone ends draining and validating: no person says that they are over', () => {
  for (const state of ['draining', 'validating'] as const) {
    expect(actionsOn(state)).toEqual([]);
    expect(WORK_ORDER_MOVES.filter(([from]) => from === state).map(([, , , by]) => by)).toEqual(['workflow', 'workflow']);
  }
  expect(nextOfWorkOrder('validating', 'reopen')).toBe('open');
  // While one is under way no retirement can begin: every other order can be ended by it.
  const retired = WORK_ORDER_MOVES.filter(([, on]) => on === 'server_retired').map(([from]) => from as WorkOrderState);
  expect(names.filter((name) => !retired.includes(name) && !isOver(name))).toEqual(['draining', 'validating']);
});

test('whoever is sent there is the only one to touch it', () => {
  const hands = WORK_ORDER_MOVES.filter(([, on]) => ['arrive', 'verify', 'drain', 'start', 'finish'].includes(on));
  expect(hands.length).toBeGreaterThan(5);
  expect(new Set(hands.map(([, , , by]) => by))).toEqual(new Set(['assignee']));
});

test('only what says something of the repair counts as an attempt', () => {
  for (const code of ['burn_in_failed', 'fault_in_event_log', 'hardware_changed', 'agent_silent', 'node_replaced'])
    expect(countsAsAttempt(code)).toBe(true);
  for (const code of [
    'operation_cancelled',
    'bmc_unreachable',
    'kubernetes_unreachable',
    'step_deadline_passed',
    'internal_error',
  ])
    expect(countsAsAttempt(code)).toBe(false);
});

test('a scan is the serial or the asset tag of this machine, in either case, and never nothing', () => {
  const labels = { serial: 'RW-SIM-00001', assetTag: null };
  expect(scanMatches(' rw-sim-00001 ', labels)).toBe(true);
  expect(scanMatches('A-1', { serial: null, assetTag: 'A-1' })).toBe(true);
  for (const wrong of ['RW-SIM-00002', 'RW-SIM', '']) expect(scanMatches(wrong, labels)).toBe(false);
  expect(scanMatches('', { serial: '', assetTag: null })).toBe(false);
});

const now = Date.parse('2026-01-01T00:00:00Z');
const ago = (ms: number): string => new Date(now - ms).toISOString();
const seen = (power: PowerSighting['power'], at = ago(1_000)): PowerSighting => ({
  power,
  silentBecause: power === null ? 'bmc_unreachable' : null,
  at,
});
const word = { person: 'Chen Mei', evidence: 'both cords pulled', at: ago(1_000) };

test('safe to pull is off, seen just now, of a machine that was isolated', () => {
  expect(judgeSafeToPull('safe', seen('off'), null, now)).toEqual({ safe: true, because: 'bmc_reports_off' });
  expect(judgeSafeToPull('safe', seen('off', ago(SIGHTING_GOOD_FOR + 1)), word, now).safe).toBe(false);
  expect(judgeSafeToPull('safe', null, word, now).safe).toBe(false);
  for (const name of names)
    expect(judgeSafeToPull(name, seen('off'), word, now).safe).toBe(name === 'safe' || name === 'in_progress');
});

test.each(['on', 'powering_on', 'powering_off'] as const)('a machine that is %s is not, whatever a person said', (power) => {
  expect(judgeSafeToPull('in_progress', seen(power), word, now)).toEqual({ safe: false, because: 'power_on' });
});

test('while the BMC says nothing a named person stands in for it', () => {
  expect(judgeSafeToPull('safe', seen(null), null, now)).toEqual({ safe: false, because: 'power_not_seen' });
  expect(judgeSafeToPull('safe', seen(null), word, now)).toEqual({ safe: true, because: 'confirmed_by_person' });
});

test('the light is on while somebody may be there, and in no other state', () => {
  expect(names.filter((name) => AT_THE_RACK.includes(name))).toEqual(['on_site', 'verified', 'draining', 'safe', 'in_progress']);
});

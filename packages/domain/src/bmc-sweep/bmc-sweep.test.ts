// The sweep's rules: how often, when, after how many failures, and what of a log is new.
import { describe, expect, test } from 'vitest';
import type { BmcLogEntry } from '../bmc.ts';
import { minutes, seconds } from '../durations.ts';
import { type ServerState, STATES } from '../server-lifecycle/table.ts';
import { afterFailure, CLOSED, type Circuit, FAILURES_TO_OPEN, pauseOf } from './circuit.ts';
import { newEntries, notableEntries } from './log-cursor.ts';
import { afterLook, NEVER_SEEN, whatCloses } from './reading.ts';
import { nextSlot, sweepTier, sweptStates } from './tiers.ts';

describe('tiers', () => {
  test('serve a minute, rest five, leave alone what nobody proved', () => {
    expect(sweepTier('in_service')).toBe('serving');
    expect(sweepTier('releasing')).toBe('working');
    expect(sweepTier('available')).toBe('idle');
    expect(sweepTier('quarantined')).toBe('idle');
    for (const state of ['discovered', 'registered', 'retired'] as const) expect(sweptStates()).not.toContain(state);
    expect(sweptStates().length).toBe(Object.keys(STATES).length - 3);
  });

  test('every state has a tier, and working ones are never idle', () => {
    for (const state of Object.keys(STATES) as ServerState[])
      if (STATES[state].kind === 'working') expect(sweepTier(state)).toBe('working');
  });

  test('slots keep their phase, never closer than half an interval, and spread over the fleet', () => {
    const taken = new Set<number>();
    for (let spread = 0; spread < 200_000; spread += 997) {
      let now = 1_700_000_000_000 + spread * 3;
      const first = nextSlot(now, 60_000, spread);
      taken.add(Math.floor((first % 60_000) / 1_000));
      for (let n = 0; n < 4; n++) {
        const next = nextSlot(now, 60_000, spread);
        expect(next % 60_000).toBe(spread % 60_000);
        expect(next - now).toBeGreaterThanOrEqual(30_000);
        expect(next - now).toBeLessThan(90_000);
        // Late by up to half an interval is caught up; the phase stays.
        now = next + ((n * 7_919) % 30_000);
      }
    }
    expect(taken.size).toBeGreaterThan(50);
  });
});

describe('the circuit', () => {
  const fail = (times: number, code = 'bmc_unreachable', spread = 5): Circuit => {
    let circuit: Circuit = CLOSED;
    for (let n = 0; n < times; n++) circuit = afterFailure(circuit, code, 1_000, spread);
    return circuit;
  };

  test('opens at the third silence, for a minute, then twice as long up to half an hour', () => {
    expect(fail(FAILURES_TO_OPEN - 1)).toEqual({ ...CLOSED, failures: 2 });
    expect(fail(3)).toMatchObject({ state: 'open', failures: 3, openings: 1, retryAt: 1_000 + pauseOf(0, 5) });
    expect(fail(5)).toMatchObject({ state: 'open', failures: 5, openings: 3, retryAt: 1_000 + pauseOf(2, 5) });
    for (const [openings, pause] of [
      [0, seconds(60)],
      [1, minutes(2)],
      [4, minutes(16)],
      [5, minutes(30)],
      [40, minutes(30)],
    ] as const)
      for (const spread of [0, 1, 77, 4_294_967_295]) {
        expect(pauseOf(openings, spread)).toBeGreaterThanOrEqual(pause * 0.8);
        expect(pauseOf(openings, spread)).toBeLessThanOrEqual(pause * 1.2);
      }
    expect(new Set(Array.from({ length: 100 }, (_, spread) => pauseOf(0, spread))).size).toBeGreaterThan(90);
    expect(pauseOf(3, 42)).toBe(pauseOf(3, 42));
  });

  test('refused credentials open a circuit of their own at once, and time does not close it', () => {
    expect(fail(1, 'bmc_auth_failed')).toEqual({ state: 'refused', failures: 0, openings: 0, retryAt: null });
    expect(whatCloses(fail(1, 'bmc_auth_failed'))).toBe('new_credentials_or_address');
    expect(whatCloses(fail(3))).toBe('its_next_answer');
  });

  test('a BMC that answers anything, even nonsense, is alive', () => {
    for (const code of ['bmc_busy', 'bmc_protocol_error', 'bmc_unsupported', 'serial_mismatch'])
      expect(afterFailure(fail(2), code, 0, 1)).toEqual(CLOSED);
  });
});

describe('readings', () => {
  test('the first sight is no news; a change is; the last values outlive the silence, with since when', () => {
    const first = afterLook(NEVER_SEEN, { kind: 'seen', power: 'on', health: 'ok' }, 10, 1);
    expect(first.change).toEqual({});
    const off = afterLook(first.reading, { kind: 'seen', power: 'off', health: 'critical' }, 20, 1);
    expect(off.change).toEqual({ power: { from: 'on', to: 'off' }, health: { from: 'ok', to: 'critical' } });
    let { reading } = off;
    const changes: object[] = [];
    for (let at = 30; at <= 50; at += 10) {
      const next = afterLook(reading, { kind: 'failed', code: 'bmc_unreachable' }, at, 1);
      changes.push(next.change);
      reading = next.reading;
    }
    expect(reading).toMatchObject({
      power: 'off',
      seenAt: 20,
      unreachableSince: 30,
      lastError: { code: 'bmc_unreachable', at: 50 },
    });
    expect(changes).toEqual([{}, {}, { circuit: { from: 'closed', to: 'open' } }]);
    const back = afterLook(reading, { kind: 'seen', power: 'off', health: 'critical' }, 60, 1);
    expect(back.change).toEqual({ circuit: { from: 'open', to: 'closed' } });
    expect(back.reading).toMatchObject({ unreachableSince: null, lastError: null });
  });
});

describe('the event log', () => {
  const entry = (
    id: string,
    at: string | null = `2026-01-01T00:00:0${id}Z`,
    severity: BmcLogEntry['severity'] = 'ok',
  ): BmcLogEntry => ({ id, at, severity, message: `m${id}` });
  const ids = (entries: readonly BmcLogEntry[]): string[] => entries.map(({ id }) => id);

  test('newest first or oldest first, only what came since is new', () => {
    const { cursor } = newEntries([entry('1'), entry('2')], null);
    expect(cursor).toEqual({ id: '2', at: '2026-01-01T00:00:02Z' });
    expect(ids(newEntries([entry('4'), entry('3'), entry('2'), entry('1')], cursor).entries)).toEqual(['3', '4']);
    expect(ids(newEntries([entry('2'), entry('9'), entry('3')], cursor).entries)).toEqual(['3', '9']);
    expect(newEntries([entry('1'), entry('2')], cursor).entries).toEqual([]);
  });

  test('a cleared log is new as a whole, whether it counts less or reached the old number again', () => {
    const { cursor } = newEntries([entry('5')], null);
    expect(ids(newEntries([entry('1', '2026-02-01T00:00:00Z')], cursor).entries)).toEqual(['1']);
    expect(ids(newEntries([entry('4', '2026-02-01T00:00:00Z'), entry('5', '2026-02-01T00:00:01Z')], cursor).entries)).toEqual([
      '4',
      '5',
    ]);
    expect(newEntries([], cursor)).toEqual({ entries: [], cursor: null });
  });

  test('a log that drops its oldest entries goes on', () => {
    expect(ids(newEntries([entry('7'), entry('8')], { id: '5', at: null }).entries)).toEqual(['7', '8']);
  });

  test('names instead of numbers are ordered by time', () => {
    const named = (id: string, at: string) => ({ ...entry(id), at });
    const log = [named('b', '2026-01-02'), named('a', '2026-01-03'), named('c', '2026-01-01')];
    const { cursor, entries } = newEntries(log, { id: 'c', at: '2026-01-01' });
    expect(ids(entries)).toEqual(['b', 'a']);
    expect(cursor).toEqual({ id: 'a', at: '2026-01-03' });
  });

  test('of note is what is not ok, the newest first kept', () => {
    const log = [entry('1', null, 'critical'), entry('2', null, 'ok'), entry('3', null, 'warning'), entry('4', null, 'critical')];
    expect(ids(notableEntries(log, 2))).toEqual(['3', '4']);
  });
});

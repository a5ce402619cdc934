// The limits of waves hold for every bulk operation, whatever its items do: checked over many seeded runs.
import { describe, expect, test } from 'vitest';
import { type BulkItem, nextItems, type Waves } from './waves.ts';

const item = (position: number, change: Partial<BulkItem> = {}): BulkItem => ({
  position,
  rack: 'r1',
  state: 'pending',
  wave: null,
  endedAt: null,
  forgiven: false,
  ...change,
});
const items = (count: number, change: (position: number) => Partial<BulkItem> = () => ({})) =>
  Array.from({ length: count }, (_, position) => item(position, change(position)));
const WAVES: Waves = { canary: 1, parallelism: 3, perRack: null, stopOnFailureRatio: 0.2, pauseBetweenSeconds: 0 };
const done = { state: 'succeeded', wave: 0, endedAt: 1_000 } as const;

test('the canary goes first, and alone', () => {
  expect(nextItems(WAVES, items(5), 0)).toEqual({ do: 'begin', wave: 0, positions: [0] });
  const running = items(5, (n) => (n === 0 ? { state: 'running', wave: 0 } : {}));
  expect(nextItems(WAVES, running, 0)).toEqual({ do: 'wait', for: 'canary', running: 1 });
  expect(
    nextItems(
      WAVES,
      items(5, (n) => (n === 0 ? done : {})),
      0,
    ),
  ).toEqual({ do: 'begin', wave: 1, positions: [1, 2, 3] });
});

test('a canary that failed stops everything, one that was forgiven does not', () => {
  const failed = { ...done, state: 'failed' } as const;
  expect(
    nextItems(
      WAVES,
      items(5, (n) => (n === 0 ? failed : {})),
      0,
    ),
  ).toEqual({ do: 'stop', because: 'canary_failed', failed: [0] });
  const forgiven = { ...failed, forgiven: true };
  expect(
    nextItems(
      WAVES,
      items(5, (n) => (n === 0 ? forgiven : {})),
      0,
    ),
  ).toMatchObject({ do: 'begin', wave: 1 });
});

test('more failures than the share of all items stop it; a refusal counts, a cancelled operation does not', () => {
  const ended = (n: number, state: BulkItem['state']) =>
    items(10, (i) => (i === 0 ? done : i <= n ? { state, wave: 1, endedAt: 1 } : {}));
  expect(nextItems(WAVES, ended(2, 'failed'), 0)).toMatchObject({ do: 'begin' });
  expect(nextItems(WAVES, ended(3, 'failed'), 0)).toEqual({ do: 'stop', because: 'too_many_failures', failed: [1, 2, 3] });
  expect(nextItems(WAVES, ended(3, 'refused'), 0)).toMatchObject({ do: 'stop' });
  expect(nextItems(WAVES, ended(3, 'cancelled'), 0)).toMatchObject({ do: 'begin' });
  expect(nextItems({ ...WAVES, stopOnFailureRatio: 1 }, ended(9, 'failed'), 0)).toEqual({ do: 'finish' });
});

test('without a pause a free place is filled at once; with one a wave ends, then it rests', () => {
  const one = items(8, (n) => (n === 0 ? done : n < 3 ? { state: 'running', wave: 1 } : {}));
  expect(nextItems(WAVES, one, 0)).toEqual({ do: 'begin', wave: 1, positions: [3] });
  const resting = { ...WAVES, pauseBetweenSeconds: 60 };
  expect(nextItems(resting, one, 0)).toEqual({ do: 'wait', for: 'wave', running: 2 });
  const ended = items(8, (n) => (n === 0 ? done : n < 3 ? { state: 'succeeded', wave: 1, endedAt: 5_000 } : {}));
  expect(nextItems(resting, ended, 64_999)).toEqual({ do: 'pause', until: 65_000 });
  expect(nextItems(resting, ended, 65_000)).toEqual({ do: 'begin', wave: 2, positions: [3, 4, 5] });
});

test('a full rack is passed over, not waited for', () => {
  const racks = items(6, (n) => (n === 0 ? { ...done, rack: 'r2' } : { rack: n < 4 ? 'r1' : 'r2' }));
  expect(nextItems({ ...WAVES, perRack: 1 }, racks, 0)).toEqual({ do: 'begin', wave: 1, positions: [1, 4] });
});

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Seen = {
  most: number;
  mostInRack: number;
  canaryAlone: boolean;
  left: BulkItem[];
  failures: number;
  ended: 'finish' | 'stop';
};

/** Carries it out: whatever may begin begins, then one of the running ones ends, as luck has it. */
function carryOut(waves: Waves, count: number, random: () => number, failing: number): Seen {
  const all = items(count, () => ({ rack: random() < 0.1 ? null : `r${Math.floor(random() * 3)}` }));
  const seen: Seen = { most: 0, mostInRack: 0, canaryAlone: true, left: all, failures: 0, ended: 'finish' };
  let now = 0;
  for (let turn = 0; turn < count * 20; turn++) {
    const next = nextItems(waves, all, now);
    if (next.do === 'finish' || next.do === 'stop')
      return { ...seen, ended: next.do, failures: all.filter((i) => i.state === 'failed').length };
    if (next.do === 'begin')
      for (const position of next.positions) Object.assign(all[position]!, { state: 'running', wave: next.wave });
    if (next.do === 'pause') now = next.until;
    const running = all.filter(({ state }) => state === 'running');
    seen.most = Math.max(seen.most, running.length);
    for (const { rack } of running)
      if (rack) seen.mostInRack = Math.max(seen.mostInRack, running.filter((i) => i.rack === rack).length);
    if (running.some(({ wave }) => wave === 0) && all.some(({ wave }) => (wave ?? 0) > 0)) seen.canaryAlone = false;
    const one = running[Math.floor(random() * running.length)];
    now += 1_000;
    if (one) Object.assign(one, { state: random() < failing ? 'failed' : 'succeeded', endedAt: now });
  }
  throw new Error('it never ended');
}

describe.each([0, 0.3])('with %d of them failing', (failing) => {
  test('limits hold in every run, and every run ends', () => {
    let stopped = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const random = seeded(seed);
      const count = 1 + Math.floor(random() * 40);
      const waves: Waves = {
        canary: Math.floor(random() * 4),
        parallelism: 1 + Math.floor(random() * 6),
        perRack: random() < 0.5 ? null : 1 + Math.floor(random() * 3),
        stopOnFailureRatio: random() < 0.5 ? 1 : random(),
        pauseBetweenSeconds: random() < 0.5 ? 0 : Math.floor(random() * 100),
      };
      const seen = carryOut(waves, count, random, failing);
      expect(seen.most, `seed ${seed}`).toBeLessThanOrEqual(waves.parallelism);
      if (waves.perRack !== null) expect(seen.mostInRack, `seed ${seed}`).toBeLessThanOrEqual(waves.perRack);
      expect(seen.canaryAlone, `seed ${seed}`).toBe(true);
      if (seen.ended === 'finish') expect(seen.left.every(({ state }) => state === 'succeeded' || state === 'failed')).toBe(true);
      else stopped += 1;
      if (seen.failures === 0) expect(seen.ended).toBe('finish');
    }
    expect(stopped > 0).toBe(failing > 0);
  });
});

// Power grants keep every budget, starve nobody who can be served, and do not depend on the order in which they are told.
import { expect, test } from 'vitest';
import type { ServerId } from '../ids.ts';
import { ampsOn, atOnceOf, type Circuit, circuitsOf, type RackPower } from './circuits.ts';
import { ASSUMED_DRAW, drawInWatts } from './draw.ts';
import { grantPower, type PowerRequest, type RunningLoad, wattsNow } from './grant-power.ts';

const id = (n: number): ServerId => `srv_${String(n).padStart(3, '0')}`;
const usual = { maxUtilisation: 80, redundancy: 'redundant', budgetAmps: null, powerOnsAtOnce: null } as const;
const feed = (name: string, amps: number) => ({ name, amps, volts: 230, maxUtilisation: null });
const draw = (steady: number, inrush: number) => ({ steady, inrush, inrushSeconds: 5 });
const asks = (n: number, watts: [number, number], askedAt = n): PowerRequest => ({
  serverId: id(n),
  askedAt,
  draw: draw(...watts),
});
const runs = (n: number, watts: [number, number], startsUntil: number | null = null): RunningLoad => ({
  serverId: id(n),
  draw: draw(...watts),
  startsUntil,
  on: true,
});
const rack = (power: Partial<RackPower>) => {
  const whole: RackPower = { feeds: [], ...usual, ...power };
  const circuits = circuitsOf('R1', whole);
  return { circuits, atOnce: atOnceOf(whole, circuits) };
};

test('name plates and watts come to the same; a start draws at least what running draws', () => {
  expect(drawInWatts({ steady: { amps: 2, volts: 230 }, inrush: { watts: 100 }, inrushSeconds: 3 })).toEqual({
    steady: 460,
    inrush: 460,
    inrushSeconds: 3,
  });
  expect(drawInWatts(ASSUMED_DRAW)).toEqual({ steady: 350, inrush: 600, inrushSeconds: 5 });
});

test('redundant feeds: the smaller one must carry everything alone', () => {
  const budget = rack({ feeds: [feed('a', 32), feed('b', 10)] });
  expect(budget.circuits.map(({ budgetAmps, share }) => [budgetAmps, share])).toEqual([
    [25.6, 1],
    [8, 1],
  ]);
  const { granted, waiting } = grantPower(
    [1, 2, 3, 4].map((n) => asks(n, [230, 690])),
    budget,
    [],
  );
  expect(granted).toEqual([id(1), id(2)]);
  expect(waiting).toMatchObject([
    { serverId: id(3), why: 'inrush', circuit: { name: 'b' }, askedAmps: 3, freeAmps: 2 },
    { serverId: id(4), why: 'inrush', circuit: { name: 'b' } },
  ]);
});

test('shared feeds carry their part each; a feed may have its own utilisation; the rack its own budget', () => {
  const shared = rack({ redundancy: 'shared', feeds: [feed('a', 30), { ...feed('b', 10), maxUtilisation: 50 }] });
  expect(shared.circuits.map(({ budgetAmps, share }) => [budgetAmps, share])).toEqual([
    [24, 0.75],
    [5, 0.25],
  ]);
  const capped = rack({ feeds: [feed('a', 32)], budgetAmps: 3 });
  const { granted, waiting } = grantPower([asks(1, [230, 460]), asks(2, [230, 460])], capped, []);
  expect(granted).toEqual([id(1)]);
  expect(waiting).toMatchObject([{ circuit: { kind: 'rack', name: 'R1' }, freeAmps: 1 }]);
});

test('a rack of which nothing is known starts ten at once; one that says how many, so many', () => {
  const many = Array.from({ length: 12 }, (_, n) => asks(n, [350, 600]));
  expect(grantPower(many, rack({}), []).granted).toHaveLength(10);
  const three = rack({ powerOnsAtOnce: 3 });
  const { granted, waiting } = grantPower(many, three, [runs(90, [350, 600], 5_000), runs(91, [350, 600])]);
  expect(granted).toEqual([id(0), id(1)]);
  expect(waiting[0]).toMatchObject({ why: 'at_once', circuit: undefined, nextFreeAt: 5_000 });
});

test('whoever only waits for a start to end is overtaken by nobody; whoever waits without end holds nobody up', () => {
  const budget = rack({ feeds: [feed('a', 12.5)] });
  const starting = runs(9, [230, 1840], 7_000);
  const first = grantPower([asks(1, [230, 690]), asks(2, [230, 230])], budget, [starting]);
  expect(first.granted).toEqual([]);
  expect(first.waiting.map(({ why, nextFreeAt }) => [why, nextFreeAt])).toEqual([
    ['inrush', 7_000],
    ['turn', 7_000],
  ]);
  const full = grantPower([asks(1, [230, 690]), asks(2, [230, 230]), asks(3, [230, 4000])], budget, [runs(9, [1840, 1840])]);
  expect(full.granted).toEqual([id(2)]);
  expect(full.waiting.map(({ serverId, why }) => [serverId, why])).toEqual([
    [id(1), 'load'],
    [id(3), 'never_fits'],
  ]);
});

test('a reboot asks only for what its start draws beyond what it draws already', () => {
  const budget = rack({ feeds: [feed('a', 5)] });
  expect(grantPower([asks(1, [460, 920])], budget, [runs(1, [460, 920])]).granted).toEqual([id(1)]);
});

/** Mulberry32. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Scene = { requests: PowerRequest[]; budget: { circuits: Circuit[]; atOnce: number | undefined }; running: RunningLoad[] };

function scene(seed: number): Scene {
  const pick = seeded(seed);
  const someDraw = () => {
    const steady = 100 + pick(500);
    return draw(steady, steady + pick(900));
  };
  const feeds = Array.from({ length: pick(3) }, (_, n) => feed(String.fromCharCode(97 + n), 5 + pick(60)));
  const budget = rack({
    feeds,
    redundancy: pick(2) === 0 ? 'redundant' : 'shared',
    budgetAmps: pick(4) === 0 ? 5 + pick(40) : null,
    powerOnsAtOnce: pick(4) === 0 ? 1 + pick(6) : null,
  });
  const requests = Array.from({ length: pick(25) }, (_, n) => ({ serverId: id(n), askedAt: pick(10), draw: someDraw() }));
  const running = Array.from({ length: pick(12) }, (_, n) => ({
    serverId: id(100 + n),
    draw: someDraw(),
    startsUntil: null,
    on: true,
  }));
  return { requests, budget, running };
}

const loadOn = (circuit: Circuit, loads: readonly RunningLoad[]) =>
  loads.reduce((sum, load) => sum + ampsOn(circuit, wattsNow(load)), 0);

test('500 scenes: wave after wave stays within every budget, and whoever can be served is', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const { requests, budget, running } = scene(seed);
    let loads = running;
    let left = requests;
    for (let wave = 0; wave <= requests.length; wave++) {
      const { granted, waiting } = grantPower(left, budget, loads);
      expect(granted.length + waiting.length).toBe(left.length);
      const begun = left.filter(({ serverId }) => granted.includes(serverId));
      const starting = begun.map(({ serverId, draw: its }) => ({ serverId, draw: its, startsUntil: wave, on: true }));
      for (const circuit of budget.circuits) {
        if (starting.length > 0) expect(loadOn(circuit, [...loads, ...starting])).toBeLessThanOrEqual(circuit.budgetAmps + 1e-6);
      }
      if (budget.atOnce !== undefined) expect(granted.length).toBeLessThanOrEqual(budget.atOnce);
      loads = [...loads, ...starting.map((load) => ({ ...load, startsUntil: null }))];
      left = left.filter(({ serverId }) => !granted.includes(serverId));
      if (granted.length === 0) break;
    }
    for (const { draw: its } of left) {
      const fitsBesideAll = budget.circuits.every(
        (circuit) => loadOn(circuit, loads) + ampsOn(circuit, its.inrush) <= circuit.budgetAmps - 1e-6,
      );
      expect(budget.circuits.length > 0 && !fitsBesideAll, `seed ${seed}: nobody is left out who fits`).toBe(true);
    }
  }
});

test('500 scenes: the same answer in whatever order they are told', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const { requests, budget, running } = scene(seed);
    expect(grantPower(requests.toReversed(), budget, running.toReversed()).granted).toEqual(
      grantPower(requests, budget, running).granted,
    );
  }
});

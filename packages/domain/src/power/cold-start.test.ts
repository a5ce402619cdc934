// A cold start goes tier by tier within every budget, leaves nobody out without a reason, and stops where others would fail for it.
import { expect, test } from 'vitest';
import type { RackId, ServerId } from '../ids.ts';
import { ampsOn, circuitsOf } from './circuits.ts';
import { type ColdRack, type ColdServer, planColdStart, tierOf } from './cold-start-plan.ts';
import { type ColdServerState, type ColdStartItem, decideColdStart } from './cold-start-progress.ts';

const rack = (name: string, amps: number): ColdRack => {
  const feeds = ['a', 'b'].map((feed) => ({ name: feed, amps, volts: 230, maxUtilisation: null }));
  const power = { feeds, maxUtilisation: 80, redundancy: 'redundant', budgetAmps: null, powerOnsAtOnce: null } as const;
  const switches = [{ name: `${name}-tor`, managementAddress: null }];
  return { id: `rck_${name}`, name, switches, circuits: circuitsOf(name, power), atOnce: undefined };
};
let made = 0;
const server = (change: Partial<ColdServer> = {}): ColdServer => {
  const n = String(++made).padStart(3, '0');
  return {
    id: `srv_${n}`,
    name: `s${n}`,
    state: 'in_service',
    power: null,
    powerAt: null,
    draw: { steady: 230, inrush: 690, inrushSeconds: 5 },
    drawFrom: 'assumed',
    rackId: 'rck_R1',
    uPosition: made,
    labels: {},
    hasBmc: true,
    busy: false,
    ...change,
  };
};
const NOW = 1_000_000_000;
const role = (value: string) => ({ labels: { 'rackwright.dev/role': value } });

test('roles come from labels', () => {
  expect(
    [role('control-plane').labels, role('storage').labels, {}, { 'node-role.kubernetes.io/control-plane': '' }].map(tierOf),
  ).toEqual(['control_plane', 'storage', 'worker', 'control_plane']);
});

test('control planes, then storage, then workers; racks side by side; each wave within each feed', () => {
  // 12.8 A: twelve that run and none that starts; so nine run when the tenth still starts.
  const racks = [rack('R1', 16), rack('R2', 16)];
  const inR1 = [...Array.from({ length: 7 }, () => server()), server(role('storage')), server(role('control-plane'))];
  const inR2 = Array.from({ length: 5 }, () => server({ rackId: 'rck_R2' }));
  const plan = planColdStart({ seenSince: null, racks, servers: [...inR1, ...inR2] });

  expect(plan.switches.map(({ name }) => name)).toEqual(['R1-tor', 'R2-tor']);
  expect(plan.waves.slice(0, 2).map(({ tier, servers, waitsFor }) => [tier, servers.length, waitsFor])).toEqual([
    ['control_plane', 1, 'ready'],
    ['storage', 1, 'ready'],
  ]);
  const workers = plan.waves.slice(2);
  expect(workers.map(({ servers }) => servers.filter((one) => one.rack === 'R1').length)).toEqual([3, 2, 1, 1]);
  expect(workers.map(({ servers }) => servers.filter((one) => one.rack === 'R2').length)).toEqual([4, 1, 0, 0]);
  expect(plan.leftOut).toEqual([]);
  expect(workers[0]?.startsAfter).toBe(620);
  expect(plan.expectedSeconds).toBe(620 + 3 * 15 + 300);

  const all = [...inR1, ...inR2];
  for (const one of racks) {
    let running = 0;
    for (const { servers } of plan.waves) {
      const begun = servers.filter((each) => each.rack === one.name).length;
      for (const circuit of one.circuits) {
        expect(ampsOn(circuit, running * 230 + begun * 690)).toBeLessThanOrEqual(circuit.budgetAmps);
      }
      running += begun;
    }
  }
  expect(plan.waves.flatMap(({ servers }) => servers.map((each) => each.serverId)).sort()).toEqual(
    all.map(({ id }) => id).sort(),
  );
});

test('whoever is left out is named with the reason; what was seen on before the blackout is not believed', () => {
  const servers = [
    server({ state: 'available' }),
    server({ busy: true }),
    server({ hasBmc: false }),
    server({ power: 'on', powerAt: NOW - 10_000 }),
    server({ power: 'on', powerAt: NOW - 3_600_000 }),
    server({ draw: { steady: 2_000, inrush: 4_000, inrushSeconds: 5 } }),
    server({ draw: { steady: 2_500, inrush: 2_900, inrushSeconds: 5 } }),
  ];
  const plan = planColdStart({ seenSince: NOW - 60_000, racks: [rack('R1', 16)], servers });
  expect(plan.leftOut.map(({ why }) => why)).toEqual([
    'not_in_service',
    'operation_in_progress',
    'bmc_missing',
    'already_on',
    'never_fits',
    'over_budget',
  ]);
  expect(plan.leftOut.slice(4)).toMatchObject([{ circuit: 'a' }, { circuit: 'a' }]);
  expect(plan.waves).toMatchObject([{ servers: [{ serverId: servers[4]?.id }] }]);
  expect(planColdStart({ seenSince: null, racks: [], servers: [] })).toEqual({
    switches: [],
    waves: [],
    leftOut: [],
    expectedSeconds: 0,
  });
});

test('without a rack nothing is known to hold a server back', () => {
  const lost = Array.from({ length: 30 }, () => server({ rackId: null as RackId | null }));
  expect(planColdStart({ seenSince: null, racks: [], servers: lost }).waves).toMatchObject([{ servers: { length: 30 } }]);
});

const item = (wave: number, tier: ColdStartItem['tier'], state: ColdServerState, n = wave): ColdStartItem => ({
  serverId: `srv_${n}` satisfies ServerId,
  wave,
  tier,
  state,
});

test('a wave begins when the one before is where it must be: control planes serve, workers draw power', () => {
  expect(decideColdStart([item(1, 'control_plane', 'pending'), item(2, 'worker', 'pending')], 0)).toEqual({
    do: 'begin',
    wave: 1,
    servers: ['srv_1'],
  });
  const states = ['starting', 'on', 'up'] as const;
  expect(states.map((state) => decideColdStart([item(1, 'control_plane', state), item(2, 'worker', 'pending')], 0).do)).toEqual([
    'wait',
    'wait',
    'begin',
  ]);
  expect(states.map((state) => decideColdStart([item(1, 'worker', state), item(2, 'worker', 'pending')], 0).do)).toEqual([
    'wait',
    'begin',
    'begin',
  ]);
});

test('what others need and did not come up pauses it until a person says go on; a worker that failed holds up nobody', () => {
  const items = (state: ColdServerState) => [item(1, 'storage', state), item(2, 'worker', 'pending')];
  expect(decideColdStart(items('failed'), 0)).toMatchObject({ do: 'pause', because: expect.stringContaining('1 of 1 storage') });
  expect(decideColdStart(items('skipped'), 0).do).toBe('pause');
  expect(decideColdStart(items('failed'), 1)).toMatchObject({ do: 'begin', wave: 2 });
  expect(decideColdStart([item(1, 'worker', 'failed'), item(2, 'worker', 'pending')], 0).do).toBe('begin');
});

test('it ends when all are over, and says whether all serve', () => {
  expect(decideColdStart([item(1, 'worker', 'on')], 0)).toEqual({ do: 'wait' });
  expect(decideColdStart([item(1, 'worker', 'up'), item(2, 'worker', 'up')], 0)).toEqual({ do: 'end', as: 'succeeded' });
  expect(decideColdStart([item(1, 'worker', 'up'), item(2, 'worker', 'skipped')], 0)).toEqual({ do: 'end', as: 'failed' });
  expect(decideColdStart([], 0)).toEqual({ do: 'end', as: 'succeeded' });
});

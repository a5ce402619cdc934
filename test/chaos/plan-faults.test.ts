// A seed names a chaos run: the same seed plans the same faults.
import { expect, test } from 'vitest';
import { faultRules } from '@rackwright/virtual-rack-app/faults.ts';
import { planFaults } from '../../scripts/chaos/plan-faults.ts';
import { countStruck } from '../../scripts/chaos/strike.ts';

const SIZE = { seed: 7, servers: 10, minutes: 2 };

test('the same seed plans the same faults, another seed others', () => {
  expect(planFaults(SIZE)).toEqual(planFaults(SIZE));
  expect(planFaults({ ...SIZE, seed: 8 })).not.toEqual(planFaults(SIZE));
});

test('a BMC says stale things of power for less time than lies between two sightings of a fence', () => {
  const stale = planFaults({ ...SIZE, minutes: 10 }).filter((fault) => fault.what === 'bmc' && fault.kind === 'stale_power');
  expect(stale.length).toBeGreaterThan(3);
  for (const fault of stale) expect('forMs' in fault && fault.forMs).toBeLessThan(5_000);
});

test('all kinds come, in the order of time, within the run', () => {
  const plan = planFaults({ ...SIZE, minutes: 10 });
  const kinds = new Set(plan.map((fault) => (fault.what === 'bmc' ? fault.kind : fault.what)));
  expect([...kinds].sort()).toEqual([
    'answers_503',
    'breaks_off',
    'cluster_away',
    'drops_sessions',
    'hangs',
    'ignores_boot_override',
    'lies',
    'locked_out',
    'packets_lost',
    'postgres_killed',
    'queue_emptied',
    'rackwright_killed',
    'session_cap',
    'stale_power',
  ]);
  const times = plan.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThan(600_000);
});

test.each([
  ['redfish', ['/redfish/v1/Systems/1']],
  ['ipmi', ['Get Chassis Status', 'Chassis Control', 'Set System Boot Options']],
] as const)('a BMC that speaks %s meets each kind of trouble in what workflows ask of it', (protocol, targets) => {
  const met = new Set<string>();
  for (const fault of planFaults({ ...SIZE, minutes: 10 })) {
    if (fault.what !== 'bmc' || !fault.rule) continue;
    const faults = faultRules();
    faults.add(fault.rule, () => met.add(fault.kind));
    for (const target of targets) for (const write of [false, true]) faults.intercept({ protocol, target, write });
  }
  expect([...met].sort()).toEqual(['answers_503', 'breaks_off', 'hangs', 'ignores_boot_override', 'lies']);
});

test('a fault that nothing met is planned and did not hit', () => {
  const struck = countStruck([
    { kind: 'lies', met: () => 0 },
    { kind: 'lies', met: () => 2 },
    { kind: 'hangs', met: () => 0 },
  ]);
  expect(struck).toEqual({ lies: { planned: 2, hit: 1, met: 2 }, hangs: { planned: 1, hit: 0, met: 0 } });
});

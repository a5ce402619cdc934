// A seed names a chaos run: the same seed plans the same faults.
import { expect, test } from 'vitest';
import { planFaults } from '../../scripts/chaos/plan-faults.ts';

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

// A seed names a chaos run: the same seed plans the same faults.
import { expect, test } from 'vitest';
import { planFaults } from '../../scripts/chaos/plan-faults.ts';

const SIZE = { seed: 7, servers: 10, minutes: 2 };

test('the same seed plans the same faults, another seed others', () => {
  expect(planFaults(SIZE)).toEqual(planFaults(SIZE));
  expect(planFaults({ ...SIZE, seed: 8 })).not.toEqual(planFaults(SIZE));
});

test('all kinds come, in the order of time, within the run', () => {
  const plan = planFaults({ ...SIZE, minutes: 10 });
  const kinds = new Set(plan.map((fault) => (fault.what === 'bmc' ? fault.kind : fault.what)));
  expect([...kinds].sort()).toEqual([
    'answers_503',
    'cluster_away',
    'drops_sessions',
    'hangs',
    'ignores_boot_override',
    'lies',
    'packets_lost',
    'postgres_killed',
    'rackwright_killed',
    'session_cap',
  ]);
  const times = plan.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThan(600_000);
});

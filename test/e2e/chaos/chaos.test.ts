// A minute of chaos with a fixed seed: ten servers come and go while everything fails, and no promise is broken.
import { minutes } from '@rackwright/domain/durations.ts';
import { expect, test } from 'vitest';
import { runChaos } from '../../../scripts/chaos/run-chaos.ts';

test('ten servers, a minute of faults, seed 7: everything settles and every promise held', { timeout: minutes(10) }, async () => {
  const said: string[] = [];
  const report = await runChaos({ servers: 10, seed: 7, minutes: 1, queue: 'redis', tell: (line) => said.push(line) });
  expect(report.violations, said.join('\n')).toEqual([]);
  expect(report.unsettled, said.join('\n')).toEqual([]);
  expect(report.ownEnds, said.join('\n')).toBe(0);
  // A run in which nothing happened would prove nothing.
  expect(report.counts.faults).toBeGreaterThan(15);
  expect(report.counts.diskDeeds).toBeGreaterThan(3);
  expect(report.counts.nodesDeleted).toBeGreaterThan(0);
});

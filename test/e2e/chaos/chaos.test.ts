// A minute of chaos with a fixed seed: ten servers come and go while everything fails, and no promise is broken.
import { minutes } from '@rackwright/domain/durations.ts';
import { expect, test } from 'vitest';
import { runChaos } from '../../../scripts/chaos/run-chaos.ts';

test('ten servers, a minute of faults, seed 7: everything settles and every promise held', { timeout: minutes(20) }, async () => {
  const said: string[] = [];
  const report = await runChaos({ servers: 10, seed: 7, minutes: 1, queue: 'redis', tell: (line) => said.push(line) });
  expect(report.violations, said.join('\n')).toEqual([]);
  expect(report.unsettled, said.join('\n')).toEqual([]);
  expect(report.ownEnds, said.join('\n')).toBe(0);
  // A run in which nothing happened would prove nothing.
  const { struck, counts } = report;
  const hits = JSON.stringify(struck);
  // Of this seed: nothing else decides whether these two hit.
  expect(struck.rackwright_killed, hits).toEqual({ planned: 4, hit: 4, met: 4 });
  expect(struck.postgres_killed, hits).toEqual({ planned: 1, hit: 1, met: 1 });
  // Which BMC, packet, request or wake-up was there to be hit when is not the seed's: together they met something.
  const { rackwright_killed: _, postgres_killed: __, ...others } = struck;
  const ofOthers = Object.values(others);
  expect(ofOthers.reduce((sum, { planned }) => sum + planned, 0)).toBeGreaterThan(15);
  expect(
    ofOthers.reduce((sum, { hit }) => sum + hit, 0),
    hits,
  ).toBeGreaterThan(0);
  // One look before and one after each kill, one at the end, and somebody was logged in at one of them.
  expect(counts.sessionLooks).toBeGreaterThanOrEqual(11);
  expect(counts.sessionsSeen).toBeGreaterThan(0);
  expect(counts.diskDeeds).toBeGreaterThan(3);
  expect(counts.nodesDeleted).toBeGreaterThan(0);
});

// A benchmark is judged against a committed result of its own size only.
import { expect, test } from 'vitest';
import { judgeRatios } from '../../scripts/bench/judge-ratios.ts';
import { committedResult } from '../../scripts/bench/results.ts';

const committed = { servers: 1_000, ratios: { 'release: CPU': 100, 'release: peak memory MB': 700 } };

test('as many servers: what costs more than half as much again is worse', () => {
  const judged = judgeRatios({ 'release: CPU': 149, 'release: peak memory MB': 1_051 }, committed, {
    fact: 'servers',
    now: 1_000,
  });
  expect(judged).toMatchObject({ kind: 'judged', worse: [{ name: 'release: peak memory MB', now: 1_051, committed: 700 }] });
});

test('another number of servers is compared and not judged, however much it costs', () => {
  const judged = judgeRatios({ 'release: CPU': 9_000 }, committed, { fact: 'servers', now: 200 });
  expect(judged).toEqual({
    kind: 'other_size',
    committedSize: 1_000,
    compared: [{ name: 'release: CPU', now: 9_000, committed: 100, times: 90 }],
  });
});

test('without a committed result nothing is judged', () => {
  expect(judgeRatios({ x: 1 }, undefined, { fact: 'servers', now: 1 })).toEqual({ kind: 'nothing_committed' });
});

test('the committed result of bench:life says how much memory each phase took', () => {
  expect(Object.keys(committedResult('life')?.ratios ?? {}).filter((name) => name.endsWith('peak memory MB'))).toHaveLength(4);
});

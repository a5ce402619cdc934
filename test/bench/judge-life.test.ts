// bench:life fails where an aim for a thousand servers is missed, and says which.
import { expect, test } from 'vitest';
import { type LifePhase, missedAims } from '../../scripts/bench/judge-life.ts';

const phase = (name: string, seconds: number, peakMegabytes: number): LifePhase => ({ name, seconds, peakMegabytes });
const GOOD = [phase('register', 400, 300), phase('onboard', 100, 400), phase('provision', 199, 500), phase('release', 299, 900)];

test('under five minutes each way and under 1 GB misses nothing, however long registering took', () => {
  expect(missedAims(1_000, GOOD)).toEqual([]);
});

test('onboarding and provisioning are one way: together they may not take five minutes', () => {
  const slow = GOOD.map((one) => (one.name === 'onboard' ? phase('onboard', 101, 400) : one));
  expect(missedAims(1_000, slow)).toEqual(['from registered to in service: 300 s, the aim is under 300 s']);
});

test('the way back and the memory are aims of their own', () => {
  const slow = GOOD.map((one) => (one.name === 'release' ? phase('release', 1_200, 954) : one));
  expect(missedAims(5_000, slow)).toEqual([
    'from in service to erased: 1200 s, the aim is under 300 s',
    'memory: 954 MB at most, the aim is under 954 MB (1 GB)',
  ]);
});

test('what was not measured is missed, not met', () => {
  expect(missedAims(1_000, GOOD.slice(0, 2))).toHaveLength(2);
  expect(missedAims(1_000, [])).toHaveLength(3);
  expect(
    missedAims(
      1_000,
      GOOD.map(({ name, peakMegabytes }) => phase(name, Number.NaN, peakMegabytes)),
    ),
  ).toHaveLength(2);
});

test('the aims are for a thousand: fewer servers miss none', () => {
  expect(
    missedAims(
      999,
      GOOD.map(({ name }) => phase(name, 9_999, 9_999)),
    ),
  ).toEqual([]);
});

// What BMCs said lately: believed for a minute, silence included, and nobody is waited for without end.
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bmcSights, type BmcSightsNeeds } from './bmc-sights.ts';

const SERVER = 'srv_1' as ServerId;
const never = () => new Promise<never>(() => undefined);
const fails = (thrown: unknown) => () => Promise.reject(thrown);
const fault = (code: string) => new Fault({ code, doing: 'ask', retry: 'soon' });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function sights(power: BmcSightsNeeds['power']) {
  const clock = { now: 0 };
  const told: object[] = [];
  const seen = bmcSights({ now: () => clock.now, power, log: { warn: (facts) => void told.push(facts) } });
  return { clock, told, seen };
}

/** What is believed of a BMC that was asked; `answer` comes once it is our turn. */
async function heardOf(answer: () => Promise<unknown>) {
  const { seen, told } = sights((_, onTurn) => {
    onTurn();
    return answer();
  });
  const asking = seen.ask([SERVER]);
  await vi.advanceTimersByTimeAsync(30_000);
  await asking;
  return { says: seen.of(SERVER), told };
}

test('what was said is believed for a minute, later nothing is known', async () => {
  const { seen, clock } = sights(async (_, onTurn) => onTurn());
  await seen.ask([SERVER]);
  clock.now = 59_999;
  expect(seen.of(SERVER)).toBe('answers');
  clock.now = 60_000;
  expect(seen.of(SERVER)).toBeUndefined();
});

test.each([
  ['hangs', never],
  ['does not answer', fails(fault('bmc_unreachable'))],
  ['refuses the credentials', fails(fault('bmc_auth_failed'))],
  ['is another machine’s', fails(new Refusal('serial_mismatch'))],
])('a BMC that %s cannot fence', async (_, answer) => {
  expect(await heardOf(answer)).toEqual({ says: 'silent', told: [] });
});

test('a BMC that says that it is busy is there', async () => {
  expect(await heardOf(fails(fault('bmc_busy')))).toEqual({ says: 'answers', told: [] });
});

test.each([
  ['a database that is away', fault('database_unreachable')],
  ['a password that is being changed', fault('bmc_password_changing')],
  ['a bug', new TypeError('of ours')],
])('%s says nothing about the BMC, and is told', async (_, thrown) => {
  expect(await heardOf(fails(thrown))).toEqual({ says: undefined, told: [{ serverId: SERVER, because: thrown.message }] });
});

test.each([
  ['waits for its turn', never],
  ['has to give up its turn', fails(fault('bmc_busy'))],
])('whoever %s has heard nothing of the BMC, and is waited for no longer than a quarter of a minute', async (_, power) => {
  const { seen, told } = sights(power);
  const asking = seen.ask([SERVER]);
  await vi.advanceTimersByTimeAsync(15_000);
  await asking;
  expect(seen.of(SERVER)).toBeUndefined();
  expect(told).toHaveLength(1);
});

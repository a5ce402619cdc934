// What keeps Rackwright running in a chaos run, around a process that the test ends itself.
import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { type Keeper, keepRunning } from '../../scripts/chaos/keep-running.ts';

/** A Rackwright whose process only has an end. `starts` decides what becomes of each new one. */
function standIn(starts: () => Promise<void> = async () => {}) {
  const happened: string[] = [];
  let process = new EventEmitter();
  const end = async (how: string, status: number | null): Promise<void> => {
    happened.push(how);
    process.emit('exit', status);
  };
  const site = {
    running: () => ({ process: process as never, kill: () => end('kill', null), stop: () => end('stop', 0) }),
    async restart() {
      happened.push('start');
      await starts();
      process = new EventEmitter();
    },
    logFile: 'rackwright.log',
  };
  const said: string[] = [];
  const needs = { tell: (line: string) => void said.push(line), look: (when: string) => void happened.push(`look: ${when}`) };
  return { site, happened, said, needs, crash: () => end('crash', 1) };
}

let keeper: Keeper | undefined;
afterEach(() => keeper?.stopRackwright().catch(() => undefined));

test('the BMCs are looked at before each kill, when nothing is left of it and before another begins, and at the end', async () => {
  const { site, happened, needs } = standIn();
  keeper = keepRunning(site, needs);
  await keeper.killRackwright();
  await keeper.untilUp();
  expect(happened).toEqual(['look: before_kill', 'kill', 'look: killed', 'start']);
  await keeper.stopRackwright();
  expect(happened.slice(4)).toEqual(['stop', 'look: end']);
  expect(keeper.ownEnds()).toBe(0);
});

test('two kills at the same moment kill two', async () => {
  const { site, happened, needs } = standIn();
  keeper = keepRunning(site, needs);
  await Promise.all([keeper.killRackwright(), keeper.killRackwright()]);
  await keeper.untilUp();
  expect(happened.filter((one) => !one.startsWith('look'))).toEqual(['kill', 'start', 'kill', 'start']);
});

test('one that does not come back is waited for so long, and then said is for what and why', async () => {
  const { site, said, needs } = standIn(() => Promise.reject(new Error('no database at all')));
  keeper = keepRunning(site, { ...needs, limitMs: 0 });
  await keeper.killRackwright();
  await expect(keeper.untilUp()).rejects.toThrow('Rackwright did not come back within 0 s: no database at all');
  await vi.waitUntil(() => said.some((line) => line.includes('no database at all')), { timeout: 15_000 });
  // Nobody can kill what is not there.
  await expect(keeper.killRackwright()).rejects.toThrow('no database at all');
});

test('one that does not start at once is started again', async () => {
  let tries = 0;
  const { site, happened, needs } = standIn(() => (++tries < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve()));
  keeper = keepRunning(site, needs);
  await keeper.killRackwright();
  await keeper.untilUp();
  expect(happened.filter((one) => one === 'start')).toHaveLength(3);
  // What began and was not ready may have opened sessions, too.
  expect(happened.filter((one) => one === 'look: killed')).toHaveLength(3);
});

test('one that ends by itself is told and counted', async () => {
  const { site, said, needs, crash } = standIn();
  keeper = keepRunning(site, needs);
  await crash();
  await keeper.untilUp();
  expect(keeper.ownEnds()).toBe(1);
  expect(said).toEqual(['Rackwright ended by itself with 1: see rackwright.log']);
});

// Several workers on one database: no planned time runs twice, nobody waits for the dead, whoever was taken over writes nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ScheduleId } from '@rackwright/domain/ids.ts';
import { postgresScheduleStore } from '@rackwright/store/schedules/schedule-store.ts';
import type { WaitingFor } from '@rackwright/workflow-engine/step-log.ts';
import type { TaskNeeds } from '@rackwright/workflows/schedule-tasks/needs.ts';
import { startScheduler } from '@rackwright/worker-app/schedules/scheduler.ts';
import { expect, test } from 'vitest';
import { eventually, useSchedules } from './schedule-world.ts';

const world = useSchedules();
const { api } = world;
const { call } = api;
const HOUR = 3_600_000;

test('twenty that look at once decide a planned time once, and one of them gets the run', async () => {
  const { id } = await world.schedule({ cron: '0 * * * *', missed: { policy: 'run_once' } });
  const store = postgresScheduleStore(api.database);
  for (const hours of [2, 3, 4]) {
    const now = Date.now() + hours * HOUR;
    await Promise.all(Array.from({ length: 20 }, () => store.decideDue(now, 10)));
    const claims = (await Promise.all(Array.from({ length: 20 }, (_, n) => store.claim(`w${n}`, 60_000, 10)))).flat();
    expect(claims).toHaveLength(1);
    await store.end(claims[0]!, { error: null, artefact: undefined, facts: {} });
  }
  const runs = (await call('GET', `/v1/schedules/${id}/runs`)).body.items;
  expect(runs).toHaveLength(3);
  expect(new Set(runs.map(({ plannedAt }: { plannedAt: string }) => plannedAt)).size).toBe(3);
});

test('one that runs: the next is skipped, or with queue_one waits, and the one after that is skipped', async () => {
  const store = postgresScheduleStore(api.database);
  const skipping = await world.schedule({ cron: '0 * * * *', missed: { policy: 'run_once' } });
  const queueing = await world.schedule({ cron: '0 * * * *', missed: { policy: 'run_once' }, overlap: 'queue_one' });
  await store.decideDue(Date.now() + 2 * HOUR, 10);
  const first = await store.claim('w', 60_000, 10);
  expect(first).toHaveLength(2);
  for (const hours of [3, 4]) await store.decideDue(Date.now() + hours * HOUR, 10);
  expect(await store.claim('w', 60_000, 10)).toEqual([]);
  const whys = async (id: string) =>
    (await call('GET', `/v1/schedules/${id}/runs`)).body.items.map((run: { state: string; why: string }) => [run.state, run.why]);
  expect(await whys(skipping.id)).toEqual([
    ['skipped', 'still_running'],
    ['skipped', 'still_running'],
    ['running', 'missed'],
  ]);
  expect(await whys(queueing.id)).toEqual([
    ['skipped', 'still_running'],
    ['queued', 'waited'],
    ['running', 'missed'],
  ]);
  for (const claim of first) await store.end(claim, { error: null, artefact: undefined, facts: {} });
  const [next, ...others] = await store.claim('w', 60_000, 10);
  expect([next?.scheduleId, others]).toEqual([queueing.id as ScheduleId, []]);
});

test('whoever was taken over writes nothing any more', async () => {
  const store = postgresScheduleStore(api.database);
  const { id } = await world.schedule({});
  await world.runNow(id);
  const [old] = await store.claim('hangs', 60_000, 1);
  await api.sql(`update schedule_runs set run_until = now() - interval '1 s'`);
  const [fresh] = await store.claim('takes over', 60_000, 1);
  expect(fresh?.runId).toBe(old?.runId);
  const end = { error: null, artefact: { from: 'the past' }, facts: {} };
  await expect(store.end(old!, end)).rejects.toMatchObject({ name: 'StaleRun' });
  await expect(store.savePicks(old!, [])).rejects.toMatchObject({ name: 'StaleRun' });
  expect(await store.renew(old!, 60_000)).toBe(false);
  expect(await store.renew(fresh!, 60_000)).toBe(true);
});

test('killed in the middle of a run: another goes on where it stopped, and asks nobody twice who had answered', async () => {
  const quick = await Promise.all(['k1', 'k2', 'k3'].map((name) => world.bmc(`SN-${name}`, 'off')));
  const slow = await world.bmc('SN-slow', 'off');
  for (const [n, { server }] of quick.entries()) await world.server(`k${n + 1}`, 'available', server);
  await world.server('slow', 'available', slow.server);
  slow.chassis.faults.add({ match: 'Systems', delayMs: 600_000, count: 1 });
  const { id } = await world.schedule({ task: 'power_sweep', filter: 'name in (k1, k2, k3, slow)' });
  const run = await world.runNow(id);

  const child = spawn(process.execPath, ['test/integration/schedule-worker-process.ts', api.databaseUrl], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  await eventually(async () => {
    expect((await call('GET', `/v1/schedules/${id}/runs/${run.id}`)).body.items).toMatchObject({ picked: 4, done: 3 });
  });
  child.kill('SIGKILL');
  await exited;
  const before = (await world.items(run)).filter(({ state }) => state === 'done');
  for (const { chassis } of quick) chassis.faults.add({ match: '.*', status: 500 });

  world.worker();
  expect(await world.ended(run)).toMatchObject({ state: 'succeeded', items: { picked: 4, done: 4, failed: 0 } });
  const after = (await world.items(run)).filter(({ subject }) => subject.name !== 'slow');
  expect(after).toEqual(before);
});

test('a worker that stops leaves its run to the next at once', async () => {
  const hanging = await world.bmc('SN-stops', 'off');
  await world.server('stops', 'available', hanging.server);
  await world.server('stops-2', 'available', { url: 'http://127.0.0.1:9' });
  hanging.chassis.faults.add({ match: 'Systems', delayMs: 300, count: 1 });
  const { id } = await world.schedule({ task: 'power_sweep', filter: 'name=stops' });
  const run = await world.runNow(id);
  const first = world.worker({ leaseMs: 600_000 });
  await eventually(async () => expect((await call('GET', `/v1/schedules/${id}/runs/${run.id}`)).body.startedAt).not.toBeNull());
  await first.close();
  world.worker();
  expect(await world.ended(run)).toMatchObject({ state: 'succeeded', items: { done: 1 } });
});

const CHANGES: [string, ...[method: string, path: string, body: object][]][] = [
  ['paused and resumed', ['POST', '/pause', { reason: 'x' }], ['POST', '/resume', {}]],
  ['given another cron', ['PATCH', '', { cron: '0 */1 * * *' }]],
  ['given another time zone', ['PATCH', '', { timeZone: 'Europe/Berlin' }]],
];

test.each(CHANGES)(
  'decided by a worker whose clock is ahead, then %s: the time is not decided again',
  async (_name, ...changes) => {
    const { id } = await world.schedule({ cron: '0 * * * *', missed: { policy: 'run_once' } });
    const store = postgresScheduleStore(api.database);
    const ahead = Date.now() + 2 * HOUR;
    expect(await store.decideDue(ahead, 10)).toEqual([]);
    for (const [method, path, body] of changes)
      expect((await call(method, `/v1/schedules/${id}${path}`, body, { 'if-match': '*' })).status).toBe(200);
    expect(await store.decideDue(ahead, 10)).toEqual([]);
    expect((await call('GET', `/v1/schedules/${id}/runs`)).body.items).toHaveLength(1);
  },
);

/** Its next time is on file already: by another path than any that we know of. */
async function undecidable(): Promise<string> {
  const { id } = await world.schedule({ cron: '0 * * * *', missed: { policy: 'run_once' } });
  await postgresScheduleStore(api.database).decideDue(Date.now() + 2 * HOUR, 10);
  await api.sql(`update schedules set decided_through = now(), look_at = now() - interval '1 day' where id = $1`, [id]);
  return id;
}

test('one that cannot be decided holds up no other, and is looked at again a minute later', async () => {
  const broken = await undecidable();
  const others = [await world.schedule({ cron: '0 * * * *' }), await world.schedule({ cron: '0 * * * *' })];
  const store = postgresScheduleStore(api.database);
  const now = Date.now() + 2 * HOUR;
  expect(await store.decideDue(now, 10)).toEqual([{ id: broken, because: expect.stringContaining('schedule_runs_slot') }]);
  for (const { id } of others) expect((await call('GET', `/v1/schedules/${id}/runs`)).body.items).toHaveLength(1);
  expect(await store.decideDue(now, 10)).toEqual([]);
  expect(await store.decideDue(now + 60_000, 10)).toMatchObject([{ id: broken }]);
});

test('a worker says which one it could not decide, and runs the others', async () => {
  const broken = await undecidable();
  const { id } = await world.schedule({ cron: '0 * * * *', missed: { policy: 'run_once' } });
  world.setAhead(2 * HOUR);
  world.worker();
  await eventually(async () =>
    expect((await call('GET', `/v1/schedules/${id}/runs`)).body.items).toMatchObject([{ state: 'succeeded' }]),
  );
  expect(world.log.some((line) => line.includes('schedule not decided') && line.includes(broken))).toBe(true);
});

test('when nothing can be decided, what was begun is carried out all the same', async () => {
  const run = await world.runNow((await world.schedule({})).id);
  const said: string[] = [];
  const say = (_facts: object, message: string) => void said.push(message);
  let look = async (): Promise<void> => {};
  const scheduler = startScheduler(
    {},
    {
      store: { ...postgresScheduleStore(api.database), decideDue: () => Promise.reject(new Error('no')) },
      // The oldest task asks nobody anything.
      tasks: { clock: { now: () => Date.now() } } as TaskNeeds,
      queue: { wakeUp: async () => undefined, every: (_name, _everyMs, does) => ((look = does), async () => undefined) },
      worker: 'w',
      log: { info: () => undefined, warn: say, error: say },
    },
  );
  await look();
  expect(await world.ended(run)).toMatchObject({ state: 'succeeded' });
  await scheduler.close();
  expect(said).toEqual(['schedules not decided']);
});

test('who waits for the same again keeps the time since when; another reason has its own', async () => {
  const store = postgresScheduleStore(api.database);
  const run = await world.runNow((await world.schedule({})).id);
  const path = `/v1/schedules/${run.scheduleId}/runs/${run.id}`;
  const at = (minute: number) => `2026-11-22T08:0${minute}:00.000Z`;
  const passes = async (waiting: Partial<WaitingFor> | null) => {
    const [claim] = await store.claim('w', 60_000, 1);
    const rest = { facts: { operations: 1 }, until: at(9), unblockedBy: 'them', code: 'schedule_items', since: at(0) };
    await store.suspend(claim!, 0, waiting && { ...rest, ...waiting });
    return (await call('GET', path)).body.waitingFor;
  };
  expect(await passes({ since: at(1) })).toMatchObject({ since: at(1), params: { operations: 1 } });
  expect(await passes({ since: at(2), facts: { operations: 7 } })).toMatchObject({ since: at(1), params: { operations: 7 } });
  // A worker that stops knows nothing new.
  expect(await passes(null)).toMatchObject({ since: at(1) });
  expect(await passes({ since: at(3) })).toMatchObject({ since: at(1) });
  expect(await passes({ since: at(4), code: 'operator_answer' })).toMatchObject({ code: 'operator_answer', since: at(4) });
  expect(await passes({ since: at(5) })).toMatchObject({ code: 'schedule_items', since: at(5) });
});

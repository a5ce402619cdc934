// What many runs write at once: together where it can be, each for itself where it must, and the intention before the deed whatever dies.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { eventsSince } from '@rackwright/store/events.ts';
import { postgresRunStore, type Run, type RunStore } from '@rackwright/store/operations/run-store.ts';
import { type Stock, stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { StaleRun, type StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import { beforeAll, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
let runs: RunStore;
const HOUR = 3_600_000;
const future = () => new Date(Date.now() + HOUR).toISOString();
const step = (name: string, change: Partial<StepRecord> = {}): StepRecord => ({
  name,
  state: 'running',
  attempt: 1,
  startedAt: '2026-01-02T03:04:05.678Z',
  deadlineAt: future(),
  ...change,
});

beforeAll(async () => {
  stock = await stockInventory(db.database);
  runs = postgresRunStore(db.database);
});

const begin = async (): Promise<OperationId> => stock.begin(await stock.addServer(), 'onboard');
async function claim(operationId: OperationId): Promise<Run> {
  const run = await runs.claim(operationId, 'w1', HOUR);
  if (typeof run === 'string') throw new Error(`not claimed: ${run}`);
  return run;
}
const claimed = async (many: number): Promise<Run[]> => {
  const all: Run[] = [];
  for (let n = 0; n < many; n++) all.push(await claim(await begin()));
  return all;
};
const expire = (operationId: OperationId) =>
  db.database.query(`update operations set run_until = now() - interval '1 second' where id = $1`, [operationId]);
const stepsOf = async (run: Run) => (await runs.stepLog(run).load()).steps.map(({ name, state }) => `${name} ${state}`);

test('a hundred saves at once take few statements, and each is kept with its events in order', async () => {
  const all = await claimed(100);
  const statements = countQueries();
  await Promise.all(all.map((run) => runs.stepLog(run).save(step('one', { state: 'done' }), step('two'))));
  expect(statements.stop()).toBeLessThan(20);
  for (const run of all) expect(await stepsOf(run)).toEqual(['one done', 'two running']);
  const events = await db.database.query<{ n: number }>(
    `select count(*)::int as n from events where kind = 'operation.step' and operation_id = any($1)`,
    [all.map(({ operationId }) => operationId)],
  );
  expect(events).toEqual([{ n: 200 }]);
  const [first] = all;
  const told = await db.database.query<{ step: string }>(
    `select payload->>'step' as step from events where kind = 'operation.step' and operation_id = $1 order by seq`,
    [first?.operationId],
  );
  expect(told.map((one) => one.step)).toEqual(['one', 'two']);
});

test('a run that was taken over is refused alone', async () => {
  const [stale, ...others] = await claimed(10);
  if (!stale) throw new Error('none');
  await expire(stale.operationId);
  const newer = await claim(stale.operationId);
  const results = await Promise.allSettled([stale, ...others].map((run) => runs.stepLog(run).save(step('one'))));
  expect(results.map(({ status }) => status)).toEqual(['rejected', ...others.map(() => 'fulfilled')]);
  expect((results[0] as PromiseRejectedResult).reason).toBeInstanceOf(StaleRun);
  expect(await stepsOf(newer)).toEqual([]);
  for (const run of others) expect(await stepsOf(run)).toEqual(['one running']);
});

test('an operation that somebody holds locked holds up nobody else, and is saved when they let go', async () => {
  const [held, ...others] = await claimed(10);
  if (!held) throw new Error('none');
  const client = await db.database.pool.connect();
  await client.query('begin');
  await client.query('select from operations where id = $1 for update', [held.operationId]);
  let saved = false;
  const waiting = runs
    .stepLog(held)
    .save(step('one'))
    .then(() => {
      saved = true;
    });
  await Promise.all(others.map((run) => runs.stepLog(run).save(step('one'))));
  expect(saved).toBe(false);
  await client.query('rollback');
  client.release();
  await waiting;
  expect(await stepsOf(held)).toEqual(['one running']);
});

test('what Postgres cannot keep spoils nothing but itself', async () => {
  const all = await claimed(10);
  const [, poisoned] = all;
  const results = await Promise.allSettled(
    all.map((run) => runs.stepLog(run).save(step('one', { result: run === poisoned ? { text: '\u0000' } : { text: 'good' } }))),
  );
  expect(results.map(({ status }) => status)).toEqual(all.map((run) => (run === poisoned ? 'rejected' : 'fulfilled')));
});

test('going to sleep keeps the steps of the run, and tells a reason once however often it is looked at', async () => {
  const all = await claimed(5);
  const waiting = { code: 'agent_report', facts: { n: 1, m: 2 }, since: future(), until: future(), unblockedBy: 'the agent' };
  const wakeAt = future();
  const due = await Promise.all(all.map((run) => runs.suspend(run, wakeAt, waiting, [step('look', { state: 'waiting' })])));
  expect(due).toEqual(all.map(() => wakeAt));
  for (const { operationId } of all) {
    await runs.suspend(await claim(operationId), future(), { ...waiting, facts: { m: 2, n: 1 } });
    await runs.suspend(await claim(operationId), future(), { ...waiting, code: 'node_not_ready' });
    const run = await claim(operationId);
    expect(run.journal.steps).toMatchObject([{ name: 'look', state: 'waiting' }]);
    await runs.finish(run, [step('look', { state: 'done', result: 7 })]);
    expect(await stepsOf(run)).toEqual(['look done']);
  }
  const told = await db.database.query<{ code: string }>(
    `select payload->>'code' as code from events where kind = 'operation.waiting' and operation_id = $1 order by seq`,
    [all[0]?.operationId],
  );
  expect(told.map(({ code }) => code)).toEqual(['agent_report', 'node_not_ready']);
});

test('killed again and again, it never does a deed whose intention is not on file, and loses no result', {
  timeout: 60_000,
}, async () => {
  const operations: OperationId[] = [];
  for (let n = 0; n < 5; n++) operations.push(await begin());
  const deeds: string[] = [];
  const unintended: string[] = [];
  let kills = 0;
  for (let left = operations; left.length > 0; ) {
    const worker = spawn(process.execPath, [join(import.meta.dirname, 'store-saves-process.ts'), db.url, ...left], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let until = KILL_AFTER[kills % KILL_AFTER.length] ?? 1;
    worker.on('message', (asked: { operationId: OperationId; name: string }) => {
      void onDeed(worker, asked).then((go) => go && --until === 0 && worker.kill('SIGKILL'));
    });
    const [status] = (await once(worker, 'exit')) as [number | null];
    if (status === null) kills += 1;
    else expect(status).toBe(0);
    for (const operationId of left) await expire(operationId);
    const running = await db.database.query<{ id: OperationId }>(
      `select id from operations where id = any($1) and state = 'running' order by id`,
      [operations],
    );
    left = running.map(({ id }) => id);
  }

  async function onDeed(
    worker: ChildProcess,
    { operationId, name }: { operationId: OperationId; name: string },
  ): Promise<boolean> {
    const on = await db.database.query<{ state: string }>(
      'select state::text as state from operation_steps where operation_id = $1 and name = $2',
      [operationId, name],
    );
    if (on[0]?.state !== 'running') unintended.push(`${operationId} ${name}: ${on[0]?.state ?? 'nothing'}`);
    deeds.push(`${operationId} ${name}`);
    return worker.connected && worker.send({ operationId, name });
  }

  expect(kills).toBeGreaterThan(2);
  expect(unintended).toEqual([]);
  // Each deed was done; those under way when the process was killed once more.
  expect(new Set(deeds).size).toBe(5 * 4);
  for (const operationId of operations) {
    const { steps, state } = await stock.inventory.operations.get(operationId);
    expect(state).toBe('succeeded');
    expect(steps.map((one) => one.state)).toEqual(Array.from({ length: 4 }, () => 'done'));
  }
  const seqs = (await eventsSince(db.database, 0, 1000)).map(({ seq }) => seq);
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
});

/** How many deeds the process may do before it is killed. */
const KILL_AFTER = [3, 1, 7, 5];

function countQueries(): { stop(): number } {
  const { pool } = db.database;
  const original = pool.query.bind(pool);
  let count = 0;
  const counted = (...asked: unknown[]): unknown => {
    count += 1;
    return (original as (...all: unknown[]) => unknown)(...asked);
  };
  Object.assign(pool, { query: counted });
  return {
    stop() {
      Object.assign(pool, { query: original });
      return count;
    },
  };
}

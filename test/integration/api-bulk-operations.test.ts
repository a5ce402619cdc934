// Bulk operations over real HTTP and Postgres: canary, waves, limits under racing workers, pause, stop, cancel, results.
import { beforeAll, expect, test, vi } from 'vitest';
import { type Json, useApi } from './api-server.ts';
import { addServers, bulkItems, bulkWorker, endOperations, furnishAnother, type NewOnes, type Place } from './bulk-world.ts';

const api = useApi();
const { call } = api;
let place: Place;
let [rackOne, rackTwo] = ['', ''];

beforeAll(async () => {
  place = await furnishAnother(call);
  rackOne = place.rackId;
  rackTwo = (await call('POST', '/v1/racks', { siteId: place.siteId, name: 'second' })).body.id;
});

/** Planned and carried out; nothing has begun yet. */
async function begin(ones: NewOnes, waves: object): Promise<{ id: string; ids: string[] }> {
  const ids = await addServers(call, place, ones);
  const plan = await call('POST', '/v1/plans', { operation: { type: 'onboard', reason: 'new rack' }, servers: { ids }, waves });
  const { status, body } = await call('POST', `/v1/plans/${plan.body.id}/executions`, {});
  expect(status).toBe(202);
  return { id: body.id, ids };
}
const seen = async (id: string): Promise<Json> => (await call('GET', `/v1/bulk-operations/${id}`)).body;
const running = (id: string) => bulkItems(call, id, 'running');
const codes = async (id: string): Promise<string[]> => (await bulkItems(call, id)).map(({ state }) => state);

test('the canary first and alone, then waves; each item has its result, and the operation says what it waits for', async () => {
  const { id } = await begin({ count: 5, prefix: 'CAN' }, { canary: 1, parallelism: 2, stopOnFailureRatio: 0.5 });
  const { sweep, woken } = bulkWorker(api.database);
  await sweep();
  expect(await codes(id)).toEqual(['running', 'pending', 'pending', 'pending', 'pending']);
  const [canary] = await running(id);
  expect(woken).toEqual([canary.operationId]);
  const operation = (await call('GET', `/v1/operations/${canary.operationId}`)).body;
  expect(operation).toMatchObject({
    type: 'onboard',
    state: 'running',
    requestedBy: { principal: 'local' },
    reason: `new rack (bulk operation ${id})`,
  });
  const waiting = await seen(id);
  expect(waiting).toMatchObject({
    state: 'running',
    wave: 0,
    counts: { running: 1, pending: 4 },
    waitingFor: { code: 'bulk_canary', params: { running: 1 } },
  });
  expect(waiting.waitingFor.until).toBe(operation.deadlineAt);
  await sweep();
  expect((await seen(id)).waitingFor).toEqual(waiting.waitingFor);

  await endOperations(api.database, [canary], 'finish');
  await sweep();
  expect(await codes(id)).toEqual(['succeeded', 'running', 'running', 'pending', 'pending']);
  expect((await seen(id)).waitingFor).toMatchObject({ code: 'bulk_wave' });
  const [first] = await running(id);
  await endOperations(api.database, [first], 'fail');
  await sweep();
  // A free place is filled at once.
  expect(await codes(id)).toEqual(['succeeded', 'failed', 'running', 'running', 'pending']);
  await endOperations(api.database, await running(id), 'finish');
  await sweep();
  expect((await seen(id)).waitingFor).toMatchObject({ code: 'bulk_last_items' });
  await endOperations(api.database, await running(id), 'finish');
  await sweep();
  expect(await seen(id)).toMatchObject({
    state: 'finished',
    done: true,
    counts: { succeeded: 4, failed: 1, pending: 0 },
    waitingFor: null,
  });
  expect((await bulkItems(call, id, 'failed'))[0]).toMatchObject({
    serverName: 'CAN-01',
    wave: 1,
    operationId: first.operationId,
    error: { code: 'bmc_unreachable', whatToDo: expect.any(String) },
  });
  expect(await call('POST', `/v1/bulk-operations/${id}/pause`, {})).toMatchObject({
    status: 409,
    body: { code: 'bulk_operation_finished' },
  });
  const told = await api.sql<{ kind: string }>('select kind from events where subject_id = $1 order by seq', [id]);
  expect(told.map(({ kind }) => kind.replace('bulk_operation.', ''))).toEqual(['started', 'wave_begun', 'wave_begun', 'ended']);
});

test('workers that race never begin an item twice, and never pass a limit', { timeout: 60_000 }, async () => {
  const racks = { rackIds: [rackOne, rackTwo, null] };
  const { id } = await begin(
    { count: 24, prefix: 'RACE', ...racks },
    { canary: 2, parallelism: 5, perRack: 2, stopOnFailureRatio: 1 },
  );
  const workers = Array.from({ length: 4 }, () => bulkWorker(api.database));
  const most = { all: 0, rack: 0 };
  for (let round = 0; !(await seen(id)).done; round++) {
    if (round > 60) throw new Error(`it does not end: ${JSON.stringify(await seen(id))}`);
    await Promise.all(workers.map(({ sweep }) => sweep()));
    const now = await api.sql<{ items: number; in_rack: number }>(
      `select count(*) as items, coalesce(max(n) filter (where rack_id is not null), 0) as in_rack
         from (select rack_id, count(*) over (partition by rack_id) as n from bulk_items where bulk_id = $1 and state = 'running') i`,
      [id],
    );
    most.all = Math.max(most.all, now[0]?.items ?? 0);
    most.rack = Math.max(most.rack, now[0]?.in_rack ?? 0);
    const items = await running(id);
    // Some end while workers look.
    const racing = items.slice(0, 1 + (round % 3));
    await Promise.all([
      endOperations(api.database, racing, round % 5 === 0 ? 'fail' : 'finish'),
      ...workers.map(({ sweep }) => sweep()),
    ]);
  }
  expect(most).toEqual({ all: 5, rack: 2 });
  const begun = workers.flatMap(({ woken }) => woken);
  expect(begun.length).toBe(24);
  expect(new Set(begun).size).toBe(24);
  const [counted] = await api.sql<{ operations: number }>('select count(*) as operations from operations where reason like $1', [
    `%${id}%`,
  ]);
  expect(counted?.operations).toBe(24);
});

test('what a worker had begun when it died never happened; another goes on', async () => {
  const { id } = await begin({ count: 2, prefix: 'DIE' }, { canary: 0, parallelism: 2 });
  const client = await api.database.pool.connect();
  await client.query('begin');
  await client.query('select from bulk_operations where id = $1 for update', [id]);
  await client.query(`update bulk_items set state = 'skipped', ended_at = now() where bulk_id = $1`, [id]);
  const { bulks, sweep } = bulkWorker(api.database);
  // While the other has it, it is not ours.
  expect(await bulks.advance(id as never)).toBeUndefined();
  const [{ pid } = { pid: 0 }] = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
  // It says so twice: what Postgres told it, and that the line is dead.
  const died = new Promise<void>((resolve) => client.on('error', () => resolve()));
  await api.sql('select pg_terminate_backend($1)', [pid]);
  await died;
  client.release(true);
  // It is told of its death before its locks are gone; those go before it leaves the list of sessions.
  await vi.waitFor(async () => expect(await api.sql('select from pg_stat_activity where pid = $1', [pid])).toEqual([]), 20_000);
  await sweep();
  expect(await codes(id)).toEqual(['running', 'running']);
});

test('a pause really stops new ones, says who paused, and resumes where it was', async () => {
  const { id } = await begin({ count: 4, prefix: 'PAU' }, { canary: 1, parallelism: 2 });
  const { sweep } = bulkWorker(api.database);
  await sweep();
  const paused = await call('POST', `/v1/bulk-operations/${id}/pause`, {});
  expect(paused).toMatchObject({
    status: 200,
    body: {
      state: 'paused',
      stateBy: 'local',
      waitingFor: { code: 'bulk_paused', unblockedBy: 'a person who resumes or cancels it' },
    },
  });
  expect((await call('POST', `/v1/bulk-operations/${id}/pause`, {})).body.stateSince).toBe(paused.body.stateSince);
  await endOperations(api.database, await running(id), 'finish');
  await sweep();
  await sweep();
  expect(await codes(id)).toEqual(['succeeded', 'pending', 'pending', 'pending']);
  expect((await seen(id)).waitingFor.since).toBe(paused.body.waitingFor.since);
  expect((await call('POST', `/v1/bulk-operations/${id}/resume`, {})).body.state).toBe('running');
  await sweep();
  expect(await codes(id)).toEqual(['succeeded', 'running', 'running', 'pending']);
});

test('too many failures stop it, and it says which; resumed, only later ones count', async () => {
  const { id } = await begin({ count: 6, prefix: 'STP' }, { canary: 0, parallelism: 3, stopOnFailureRatio: 0.2 });
  const { sweep } = bulkWorker(api.database);
  await sweep();
  await endOperations(api.database, (await running(id)).slice(0, 2), 'fail');
  await sweep();
  expect(await seen(id)).toMatchObject({
    state: 'stopped',
    stopped: {
      because: 'too_many_failures',
      failures: 2,
      failed: [
        { server: 'STP-00', code: 'bmc_unreachable' },
        { server: 'STP-01', code: 'bmc_unreachable' },
      ],
    },
    waitingFor: { code: 'bulk_stopped', unblockedBy: expect.stringContaining('looks at the failures') },
  });
  expect(await codes(id)).toEqual(['failed', 'failed', 'running', 'pending', 'pending', 'pending']);
  await call('POST', `/v1/bulk-operations/${id}/resume`, {});
  await sweep();
  expect(await seen(id)).toMatchObject({ state: 'running', stopped: null, counts: { running: 3, pending: 1 } });
});

test('a canary that fails stops everything', async () => {
  const { id } = await begin({ count: 20, prefix: 'CNF' }, { canary: 1, stopOnFailureRatio: 0.5 });
  const { sweep } = bulkWorker(api.database);
  await sweep();
  await endOperations(api.database, await running(id), 'fail');
  await sweep();
  expect(await seen(id)).toMatchObject({
    state: 'stopped',
    stopped: { because: 'canary_failed', failures: 1 },
    counts: { pending: 19 },
  });
});

test('between waves it rests, and says until when', async () => {
  const { id } = await begin({ count: 3, prefix: 'RST' }, { canary: 1, parallelism: 2, pauseBetweenSeconds: 3_600 });
  const { sweep, bulks } = bulkWorker(api.database);
  await sweep();
  const [canary] = await running(id);
  await endOperations(api.database, [canary], 'finish');
  await sweep();
  const [ended] = await bulkItems(call, id, 'succeeded');
  const resting = await seen(id);
  expect(resting.waitingFor).toMatchObject({ code: 'bulk_pause_between_waves' });
  expect(Date.parse(resting.waitingFor.until) - Date.parse(ended.endedAt)).toBe(3_600_000);
  expect(await bulks.due(10)).not.toContain(id);
  await api.sql(`update bulk_items set ended_at = ended_at - interval '61 minutes' where bulk_id = $1 and state = 'succeeded'`, [
    id,
  ]);
  await api.sql(`update bulk_operations set look_at = now() - interval '1 second' where id = $1`, [id]);
  await sweep();
  expect(await codes(id)).toEqual(['succeeded', 'running', 'running']);
});

test('cancelled: what had not begun is skipped; what runs goes on, or is cancelled too', async () => {
  const { id } = await begin({ count: 4, prefix: 'CAL' }, { canary: 0, parallelism: 2 });
  const { sweep } = bulkWorker(api.database);
  await sweep();
  const cancelled = await call('POST', `/v1/bulk-operations/${id}/cancel`);
  expect(cancelled.body).toMatchObject({
    state: 'cancelling',
    counts: { running: 2, skipped: 2 },
    waitingFor: { code: 'bulk_cancelling' },
  });
  const items = await running(id);
  const before = api.woken.length;
  await call('POST', `/v1/bulk-operations/${id}/cancel`, { running: 'cancel' });
  expect(new Set(api.woken.slice(before))).toEqual(new Set(items.map(({ operationId }) => operationId)));
  for (const { operationId } of items)
    expect((await call('GET', `/v1/operations/${operationId}`)).body.cancel.requested).toBe(true);
  await endOperations(api.database, items, 'finish');
  await sweep();
  expect(await seen(id)).toMatchObject({ state: 'cancelled', done: true, counts: { succeeded: 2, skipped: 2 } });
  expect((await bulkItems(call, id, 'skipped'))[0]).toMatchObject({
    error: { code: 'bulk_operation_cancelled' },
    operationId: null,
  });
});

test('a server that is another one by the time of its wave is not touched', async () => {
  const { id, ids } = await begin({ count: 3, prefix: 'LAT' }, { canary: 1, parallelism: 2, stopOnFailureRatio: 1 });
  const { sweep } = bulkWorker(api.database);
  await sweep();
  await call('PATCH', `/v1/servers/${ids[1]}`, { labels: { colour: 'red' } }, { 'if-match': '*' });
  await api.sql(`update servers set state = 'available' where id = $1`, [ids[2]]);
  await endOperations(api.database, await running(id), 'finish');
  await sweep();
  expect(await codes(id)).toEqual(['succeeded', 'running', 'refused']);
  expect((await bulkItems(call, id, 'refused'))[0]).toMatchObject({
    operationId: null,
    error: { code: 'plan_stale', params: { changed: 'state_changed', what: 'state registered is now available' } },
  });
});

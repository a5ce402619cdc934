// Operations on a real Postgres: one at a time per server, one run at a time per operation, an end that cannot be faked.
import type { Refusal } from '@rackwright/domain/errors.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { eventsSince, timelineOf } from '@rackwright/store/events.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { beginOperation } from '@rackwright/store/operations/begin-operation.ts';
import { postgresRunStore, type Run, type RunStore } from '@rackwright/store/operations/run-store.ts';
import { signalOperation } from '@rackwright/store/operations/signal-operation.ts';
import { postgresBootTickets } from '@rackwright/store/ports/postgres-boot-tickets.ts';
import { postgresErasures } from '@rackwright/store/ports/postgres-erasures.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { servers } from '@rackwright/store/servers/move-server.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { inspectionWith, type Stock, stockInventory, TEST_KEYRING } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { StaleRun, type StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import { beforeAll, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
let runs: RunStore;
const HOUR = 3_600_000;
const who = { by: 'test', reason: '' };
const future = () => new Date(Date.now() + HOUR).toISOString();
const waiting = { code: 'agent_report', facts: { n: 1 }, since: future(), until: future(), unblockedBy: 'the agent' };
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

async function claim(operationId: OperationId): Promise<Run> {
  const run = await runs.claim(operationId, 'w1', HOUR);
  if (typeof run === 'string') throw new Error(`not claimed: ${run}`);
  return run;
}

const stateOf = async (id: ServerId) => (await stock.inventory.servers.get(id)).state;
const codeOf = (thrown: unknown) => (thrown as Refusal).code;

test('of fifty that begin at once, one begins and the others are told which', async () => {
  const id = await stock.addServer();
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => stock.begin(id, 'onboard')));
  const begun = all.filter((one) => one.status === 'fulfilled');
  expect(begun).toHaveLength(1);
  const refusals = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as Refusal] : []));
  expect(new Set(refusals.map(codeOf))).toEqual(new Set(['operation_in_progress']));
  expect(refusals[0]?.facts).toEqual({ operationId: begun[0]?.value });
  expect(await stateOf(id)).toBe('onboarding');
});

test('what the table does not allow is refused, with the state and the event, and leaves nothing', async () => {
  const id = await stock.addServer();
  await expect(stock.begin(id, 'provision')).rejects.toMatchObject({
    code: 'not_allowed_in_state',
    facts: { state: 'registered', event: 'provision' },
  });
  const left = await db.database.query('select from operations where server_id = $1', [id]);
  expect(left).toHaveLength(0);
  expect(await stateOf(id)).toBe('registered');
});

test('beginning moves the server, takes the lease and tells of both', async () => {
  const id = await stock.addServer();
  const before = await stock.inventory.servers.get(id);
  const operationId = await stock.begin(id, 'onboard');
  expect(await stock.inventory.servers.get(id)).toMatchObject({ version: before.version + 1, currentOperationId: operationId });
  expect(await db.database.query('select operation_id as o from server_leases where server_id = $1', [id])).toEqual([
    { o: operationId },
  ]);
  const kinds = (await timelineOf(db.database, id, 10)).map((event) => event.kind);
  expect(kinds).toEqual(['operation.started', 'server.moved', 'server.created']);
  expect(await stock.inventory.operations.get(operationId)).toMatchObject({
    type: 'onboard-server',
    state: 'running',
    steps: [],
  });
});

test('beginning learns that nobody changes its password without a lock for writing on all such changes', async () => {
  const id = await stock.addServer();
  const request = { serverId: id, event: 'onboard' as const, params: {}, requestedBy: 'test', reason: '' };
  const locks = await inTransaction(db.database, async (tx) => {
    await beginOperation(tx, newId('operation'), request);
    return tx.query<{ mode: string }>(
      `select mode from pg_locks where pid = pg_backend_pid() and relation = 'bmc_password_changes'::regclass`,
    );
  });
  expect(locks).toEqual([{ mode: 'AccessShareLock' }]);
});

test('one run at a time; after it expires another takes over and the first can write nothing', async () => {
  const operationId = await stock.begin(await stock.addServer(), 'onboard');
  const first = await claim(operationId);
  expect(await runs.claim(operationId, 'w2', HOUR)).toBe('busy');
  await runs.stepLog(first).save(step('one'));
  await db.database.query(`update operations set run_until = now() - interval '1 second' where id = $1`, [operationId]);
  expect(await runs.due(100)).toContain(operationId);

  const second = await claim(operationId);
  expect(second.fence).toBe(first.fence + 1n);
  await expect(runs.stepLog(first).save(step('two'))).rejects.toThrow(StaleRun);
  await expect(runs.stepLog(first).beginFailing(error('x'))).rejects.toThrow(StaleRun);
  await expect(runs.renew(first, HOUR)).rejects.toThrow(StaleRun);
  await expect(runs.suspend(first, future(), waiting)).rejects.toThrow(StaleRun);
  await expect(runs.finish(first)).rejects.toThrow(StaleRun);
  await expect(runs.fail(first, error('x'), 'fail')).rejects.toThrow(StaleRun);
  const { steps } = await runs.stepLog(second).load();
  expect(steps.map((s) => s.name)).toEqual(['one']);
});

test('of two that claim an expired run at the same moment, one gets it', async () => {
  const operationId = await stock.begin(await stock.addServer(), 'onboard');
  const claims = await Promise.all(Array.from({ length: 10 }, (_, i) => runs.claim(operationId, `w${i}`, HOUR)));
  expect(claims.filter((one) => one === 'busy')).toHaveLength(9);
});

test('the log gives back what was saved, in the order of the steps', async () => {
  const run = await claim(await stock.begin(await stock.addServer(), 'onboard'));
  const log = runs.stepLog(run);
  const saved = [
    step('one', { state: 'done', result: { a: [1, 'x', null] } }),
    step('two', { state: 'waiting' }),
    step('three', { state: 'failed', error: { ...error('bmc_unreachable'), facts: { power: null } }, attempt: 3 }),
    step('four', { state: 'done', result: null }),
    step('five', { state: 'done' }),
  ];
  await log.save(step('one'));
  for (const record of saved) await log.save(record);
  await log.beginFailing(error('bmc_unreachable'));
  const loaded = await log.load();
  expect(loaded).toMatchObject({ steps: saved, cancelRequested: false, failing: error('bmc_unreachable') });
  expect(loaded.steps.map((one) => 'result' in one)).toEqual([true, false, false, true, false]);
});

test('a run sleeps until its time, unless something reported while it ran', async () => {
  const operationId = await stock.begin(await stock.addServer(), 'onboard');
  await runs.suspend(await claim(operationId), future(), waiting);
  expect(await runs.due(1000)).not.toContain(operationId);
  await signalOperation(db.database, operationId);
  expect(await runs.due(1000)).toContain(operationId);

  const run = await claim(operationId);
  await signalOperation(db.database, operationId);
  expect(Date.parse(await runs.suspend(run, future(), waiting))).toBeLessThanOrEqual(Date.now() + 1000);
  expect(await runs.due(1000)).toContain(operationId);
  // The same reason twice is told once.
  const told = await db.database.query(`select from events where kind = 'operation.waiting' and operation_id = $1`, [
    operationId,
  ]);
  expect(told).toHaveLength(1);
});

test('cancelling is noted, wakes it, and is refused once it ended', async () => {
  const { operations } = stock.inventory;
  const id = await stock.addServer();
  const operationId = await stock.begin(id, 'onboard');
  await runs.suspend(await claim(operationId), future(), waiting);
  expect(await operations.requestCancel(operationId, 'ann', '')).toMatchObject({ cancelRequested: true });
  await operations.requestCancel(operationId, 'ann', '');
  const run = await claim(operationId);
  expect(await runs.stepLog(run).load()).toMatchObject({ cancelRequested: true });
  await runs.fail(run, { ...error('operation_cancelled'), kind: 'refusal' }, 'fail');
  expect(await operations.get(operationId)).toMatchObject({ state: 'cancelled' });
  expect(await stateOf(id)).toBe('onboarding_failed');
  await expect(operations.requestCancel(operationId, 'ann', '')).rejects.toMatchObject({ code: 'operation_finished' });
  expect(await runs.claim(operationId, 'w1', HOUR)).toBe('over');
});

test('ending frees the lease and closes the tickets, and the server can begin again', async () => {
  const id = await stock.addServer();
  const operationId = await stock.begin(id, 'onboard');
  await postgresBootTickets(db.database, TEST_KEYRING).open(id, operationId, 'inspect', future());
  await runs.finish(await claim(operationId));
  expect(await stateOf(id)).toBe('available');
  expect(await db.database.query('select from server_leases where server_id = $1', [id])).toHaveLength(0);
  expect(await db.database.query('select from boot_tickets where server_id = $1 and closed_at is null', [id])).toHaveLength(0);
  await stock.begin(id, 'provision');
  expect(await stateOf(id)).toBe('provisioning');
});

test('a release keeps the server in service where the workflow says so', async () => {
  const id = await stock.addServerIn('in_service');
  await runs.fail(await claim(await stock.begin(id, 'release')), error('drain_blocked'), 'keep');
  expect(await stateOf(id)).toBe('in_service');
});

test('a re-imaging that took nothing away leaves the node in service; one that did rests half installed, still its cluster’s', async () => {
  const id = await stock.addServerIn('in_service');
  const labels = { pool: 'batch' };
  const plan = { clusterId: null, nodeName: 're-1', imageDigest: 'sha256-1', rootDiskSerial: 'D1', nodeUid: 'uid-1' };
  const first = await stock.begin(id, 'reimage');
  expect(await stateOf(id)).toBe('reimaging');
  await postgresServers(db.database).assign(id, { ...plan, nodeLabels: labels }, first);
  await runs.fail(await claim(first), error('step_deadline_passed'), 'keep');
  expect(await stock.inventory.servers.get(id)).toMatchObject({ state: 'in_service', assignment: { nodeLabels: labels } });

  const again = await stock.begin(id, 'reimage');
  await postgresServers(db.database).assign(id, { ...plan, imageDigest: 'sha256-2' }, again);
  await runs.fail(await claim(again), error('agent_silent'), 'fail');
  expect(await stock.inventory.servers.get(id)).toMatchObject({
    state: 'provisioning_failed',
    assignment: { nodeName: 're-1', imageDigest: 'sha256-2', nodeLabels: {} },
  });
});

test('a provisioning that wrote nothing gives the server back as it was, and belongs to nobody', async () => {
  const id = await stock.addServerIn('available');
  const operationId = await stock.begin(id, 'provision');
  const plan = { clusterId: null, nodeName: 'n1', imageDigest: 'sha256-1', rootDiskSerial: 'D1', nodeUid: null };
  await postgresServers(db.database).assign(id, plan, operationId);
  await runs.fail(await claim(operationId), error('hardware_changed'), 'keep');
  expect(await stock.inventory.servers.get(id)).toMatchObject({ state: 'available', assignment: null });
});

test('one that tries again after a half installation is never available by giving up', async () => {
  const id = await stock.addServerIn('provisioning_failed');
  await runs.fail(await claim(await stock.begin(id, 'provision')), error('hardware_changed'), 'keep');
  expect(await stock.inventory.servers.get(id)).toMatchObject({ state: 'provisioning_failed' });
});

test('a release of a quarantined server that took nothing away leaves it in quarantine', async () => {
  const id = await stock.addServerIn('quarantined');
  await runs.fail(await claim(await stock.begin(id, 'release')), error('operation_cancelled'), 'keep');
  expect(await stateOf(id)).toBe('quarantined');
});

const good = (serial: string) => ({
  serial,
  method: 'overwrite_zero' as const,
  sizeBytes: 10,
  readBack: 'zero' as const,
  checkedBytes: 10,
  startedAt: future(),
  finishedAt: future(),
});

test.each([
  ['no evidence', ['D1', 'D2'], [], 'quarantined'],
  ['one disk of two', ['D1', 'D2'], [good('D1')], 'quarantined'],
  ['a disk that read back as something', ['D1'], [{ ...good('D1'), readBack: 'not_zero' as const }], 'quarantined'],
  ['no hardware ever accepted', undefined, [good('D1')], 'quarantined'],
  ['every disk', ['D1', 'D2'], [good('D1'), good('D2')], 'available'],
])('a release that says it finished, with %s', async (_, disks, evidence, state) => {
  const id = await stock.addServerIn('in_service');
  if (disks) await postgresServers(db.database).acceptHardware(id, inspectionWith(disks), newId('operation'));
  const operationId = await stock.begin(id, 'release');
  await postgresErasures(db.database).record(id, operationId, evidence);
  await runs.finish(await claim(operationId));
  expect(await stateOf(id)).toBe(state);
  const ended = await stock.inventory.operations.get(operationId);
  expect(ended.error?.code ?? ended.state).toBe(state === 'available' ? 'succeeded' : 'disks_not_erased');
});

test('evidence of an earlier release does not count', async () => {
  const id = await stock.addServerIn('in_service');
  await postgresServers(db.database).acceptHardware(id, inspectionWith(['D1']), newId('operation'));
  await postgresErasures(db.database).record(id, newId('operation'), [good('D1')]);
  await runs.finish(await claim(await stock.begin(id, 'release')));
  expect(await stateOf(id)).toBe('quarantined');
});

test('moves that run no workflow follow the table and name the version', async () => {
  const id = await stock.addServer({ serial: null });
  const { move } = servers(db.database);
  await expect(move(id, 'accept', 'any', who)).rejects.toMatchObject({ code: 'conflicting_value' });
  await stock.inventory.servers.update(id, 'any', { serial: 'SN-named' });
  await expect(move(id, 'accept', 1, who)).rejects.toMatchObject({
    code: 'precondition_failed',
    facts: { expected: 1, current: 2 },
  });
  expect(await move(id, 'accept', 2, who)).toMatchObject({ state: 'registered', version: 3 });
  await expect(move(id, 'onboard', 'any', who)).rejects.toMatchObject({ code: 'not_allowed_in_state' });
  await expect(move(id, 'finish', 'any', who)).rejects.toMatchObject({ code: 'not_allowed_in_state' });
  expect(await move(id, 'retire', 'any', { ...who, retiredAs: 'scrapped' })).toMatchObject({
    state: 'retired',
    address: null,
    retiredAs: 'scrapped',
    hasBmcCredentials: false,
  });
});

test('every event of this file has its number, and none is missing', async () => {
  const seqs = (await eventsSince(db.database, 0, 1000)).map(({ seq }) => seq);
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
});

function error(code: string) {
  return { kind: 'fault' as const, code, message: code, retry: 'never' as const, facts: { a: 1 } };
}

// Replacements in the database: each spare for one of them however many ask at once, every step one transaction, in the promised order.
import type { OperationId, ReplacementId, ServerId } from '@rackwright/domain/ids.ts';
import type { ReplacementOrder } from '@rackwright/domain/placement/advance-replacement.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { advanceReplacement, runningReplacements } from '@rackwright/store/replacements/advance-replacement.ts';
import { inspectionWith, type Stock, stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { beforeEach, expect, test } from 'vitest';

const db = useTestDatabase();
let stock: Stock;
let runs: ReturnType<typeof postgresRunStore>;
beforeEach(async () => {
  // A site of its own: spares are looked for within it.
  stock = await stockInventory(db.database);
  runs = postgresRunStore(db.database);
});

const LABELS = { pool: 'batch' };
let numbered = 0;

async function serving(): Promise<ServerId> {
  const id = await stock.addServerIn('in_service');
  const ports = postgresServers(db.database);
  const disk = `ROOT-${++numbered}`;
  await ports.acceptHardware(id, inspectionWith([disk]), newId('operation'));
  const assignment = { clusterId: null, nodeName: `n${numbered}`, imageDigest: 'sha256-1', rootDiskSerial: disk, nodeUid: 'uid' };
  await ports.assign(id, { ...assignment, nodeLabels: LABELS }, newId('operation'));
  return id;
}

async function spare(): Promise<ServerId> {
  const id = await stock.addServerIn('available');
  await postgresServers(db.database).acceptHardware(id, inspectionWith([`SPARE-${++numbered}`]), newId('operation'));
  return id;
}

const who = { requestedBy: 'ann', reason: 'dead DIMM' };
const replace = (serverId: ServerId, order: ReplacementOrder = 'spare_first', more: object = {}) =>
  stock.inventory.replacements.begin(newId('replacement'), { serverId, order, ...more }, who);
const get = (id: ReplacementId) => stock.inventory.replacements.get(id);
const stateOf = async (id: ServerId) => (await stock.inventory.servers.get(id)).state;
const advance = (id: ReplacementId) => advanceReplacement(db.database, id);

async function endOf(id: OperationId | null | undefined, how: 'finish' | 'fail' | 'keep', code = 'write_failed'): Promise<void> {
  if (!id) throw new Error('no operation');
  const run = await runs.claim(id, 'test', 60_000);
  if (typeof run === 'string') throw new Error(`operation ${id} is ${run}`);
  const error = { kind: 'fault' as const, code, message: code, retry: 'never' as const, facts: {} };
  await (how === 'finish' ? runs.finish(run) : runs.fail(run, error, how));
}

test('spare first: installed with what the broken one has; the broken one is released only when it is in', async () => {
  const [broken, other] = [await serving(), await spare()];
  const { replacement, operationId } = await replace(broken, 'spare_first', { drain: { policy: 'force', minutes: 5 } });
  const { id } = replacement;
  expect(replacement).toMatchObject({
    state: 'taking_in',
    spare: { id: other },
    install: { clusterId: null, imageDigest: 'sha256-1', nodeLabels: LABELS },
    choice: { chosen: { id: other, facts: { sameRack: true } }, passedOverCount: 0 },
  });
  expect(await stock.inventory.operations.get(operationId as OperationId)).toMatchObject({
    type: 'provision-server',
    serverId: other,
    params: { imageDigest: 'sha256-1', nodeLabels: LABELS },
    requestedBy: `replacement ${id} (ann)`,
  });
  expect(await advance(id)).toBeUndefined();
  expect(await get(id)).toMatchObject({ state: 'taking_in', waitingFor: { code: 'spare_provisioning', facts: { operationId } } });
  expect(await stateOf(broken)).toBe('in_service');

  await endOf(operationId, 'finish');
  const releasing = await advance(id);
  expect(await get(id)).toMatchObject({ state: 'taking_out', brokenOperationId: releasing, waitingFor: null });
  expect(await stateOf(broken)).toBe('releasing');
  expect(await stock.inventory.operations.get(releasing as OperationId)).toMatchObject({
    params: { drain: { policy: 'force', minutes: 5 } },
  });
  await endOf(releasing, 'fail', 'agent_silent');
  await advance(id);
  expect(await get(id)).toMatchObject({ state: 'succeeded', error: null, finishedAt: expect.any(String) });
  expect(await stateOf(other)).toBe('in_service');
  expect(await runningReplacements(db.database, 500)).not.toContain(id);
});

test('twelve replacements at once share five spares: each spare has one, the others are refused', async () => {
  const brokenOnes: ServerId[] = [];
  for (let n = 0; n < 12; n++) brokenOnes.push(await serving());
  const spares: ServerId[] = [];
  for (let n = 0; n < 5; n++) spares.push(await spare());
  const ends = await Promise.allSettled(brokenOnes.map((id) => replace(id)));
  const taken = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value.replacement.spare?.id] : []));
  expect(taken).toHaveLength(spares.length);
  expect(new Set(taken)).toEqual(new Set(spares));
  for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'no_spare' });
  const operations = await db.database.query<{ serverId: string }>(
    `select server_id as "serverId" from operations where type = 'provision-server' and server_id = any($1)`,
    [spares],
  );
  expect(operations.map(({ serverId }) => serverId).sort()).toEqual([...spares].sort());
});

test('twenty requests for one server begin one replacement, twenty processes advance it once', async () => {
  const broken = await serving();
  for (let n = 0; n < 3; n++) await spare();
  const ends = await Promise.allSettled(Array.from({ length: 20 }, () => replace(broken)));
  const begun = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  expect(begun).toHaveLength(1);
  for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'replacement_in_progress' });
  await endOf(begun[0]?.operationId, 'finish');
  const id = begun[0]?.replacement.id as ReplacementId;
  const advanced = await Promise.all(Array.from({ length: 20 }, () => advance(id)));
  expect(advanced.filter((operation) => operation !== undefined)).toHaveLength(1);
});

test('a spare that fails is followed by another one, three in all; then it says why', async () => {
  const broken = await serving();
  const spares = [await spare(), await spare(), await spare(), await spare()];
  const { replacement, operationId } = await replace(broken);
  const { id } = replacement;
  await endOf(operationId, 'fail');
  await endOf(await advance(id), 'keep', 'hardware_changed');
  const last = await advance(id);
  await endOf(last, 'fail');
  await advance(id);
  const ended = await get(id);
  expect(ended).toMatchObject({ state: 'failed', error: { code: 'spare_failed', facts: { tried: 3, operationId: last } } });
  expect(new Set(ended.tried).size).toBe(3);
  for (const one of ended.tried) expect(spares).toContain(one);
  expect(await stateOf(broken)).toBe('in_service');
});

test('broken first: it leaves, then the spare comes; without one it says what it waits for until there is', async () => {
  const broken = await serving();
  const { replacement, operationId } = await replace(broken, 'broken_first');
  const { id } = replacement;
  expect(operationId).toBeUndefined();
  expect(replacement).toMatchObject({ state: 'taking_out', spare: null });
  const releasing = await advance(id);
  expect(await stateOf(broken)).toBe('releasing');
  await endOf(releasing, 'fail', 'agent_silent');
  expect(await advance(id)).toBeUndefined();
  expect(await get(id)).toMatchObject({ state: 'taking_out', waitingFor: { code: 'no_spare', unblockedBy: expect.any(String) } });
  const other = await spare();
  const installing = await advance(id);
  expect(await get(id)).toMatchObject({
    state: 'taking_in',
    spare: { id: other },
    spareOperationId: installing,
    waitingFor: null,
  });
  await endOf(installing, 'finish');
  await advance(id);
  expect(await get(id)).toMatchObject({ state: 'succeeded' });
});

test('one that is out already is replaced and left where it is', async () => {
  const [broken] = [await serving(), await spare()];
  await db.database.query(`update servers set state = 'quarantined' where id = $1`, [broken]);
  const { replacement, operationId } = await replace(broken);
  await endOf(operationId, 'finish');
  await advance(replacement.id);
  expect(await get(replacement.id)).toMatchObject({ state: 'succeeded', brokenOperationId: null });
  expect(await stateOf(broken)).toBe('quarantined');
});

test('to be repaired: isolated without its Node, then a work order is opened, once', async () => {
  const [broken, other] = [await serving(), await spare()];
  const { replacement, operationId } = await replace(broken, 'spare_first', { takesOutBy: 'repair' });
  const { id } = replacement;
  await endOf(operationId, 'finish');
  const isolating = await advance(id);
  expect(await stock.inventory.operations.get(isolating as OperationId)).toMatchObject({
    type: 'isolate-server',
    params: { keepNode: false },
  });
  await endOf(isolating, 'finish');
  await advance(id);
  await advance(id);
  const ended = await get(id);
  expect(ended).toMatchObject({ state: 'succeeded', takesOutBy: 'repair', workOrderId: expect.stringMatching(/^wo/) });
  expect(await stateOf(broken)).toBe('in_repair');
  expect(await stateOf(other)).toBe('in_service');
  const orders = await db.database.query(
    'select id, cause, state, opened_by as "openedBy" from work_orders where server_id = $1',
    [broken],
  );
  expect(orders).toEqual([{ id: ended.workOrderId, cause: 'dead DIMM', state: 'open', openedBy: `replacement ${id} (ann)` }]);
});

test('somebody else’s operation on the broken one is waited for; a drain that is kept ends it with its reason', async () => {
  const [broken] = [await serving(), await spare()];
  const { replacement, operationId } = await replace(broken);
  const { id } = replacement;
  await endOf(operationId, 'finish');
  const others = await stock.begin(broken, 'reimage');
  await advance(id);
  expect(await get(id)).toMatchObject({ waitingFor: { code: 'broken_busy', facts: { operationId: others } } });
  await endOf(others, 'keep', 'step_deadline_passed');
  const releasing = await advance(id);
  await endOf(releasing, 'keep', 'drain_kept');
  await advance(id);
  expect(await get(id)).toMatchObject({
    state: 'failed',
    error: { code: 'broken_kept', facts: { operationId: releasing, because: 'drain_kept' } },
  });
});

test('cancelled: nothing more is begun, what runs goes on; an ended one cannot be cancelled', async () => {
  const [broken] = [await serving(), await spare()];
  const { replacement, operationId } = await replace(broken);
  const { id } = replacement;
  expect(await stock.inventory.replacements.cancel(id, 'bob', 'no longer needed')).toMatchObject({ state: 'cancelled' });
  expect(await stock.inventory.replacements.cancel(id, 'bob', 'no longer needed')).toMatchObject({ state: 'cancelled' });
  await endOf(operationId, 'finish');
  expect(await advance(id)).toBeUndefined();
  expect(await stateOf(broken)).toBe('in_service');
  await spare();
  const again = await replace(broken);
  await db.database.query(`update replacements set deadline_at = now() - interval '1 second' where id = $1`, [
    again.replacement.id,
  ]);
  await advance(again.replacement.id);
  expect(await get(again.replacement.id)).toMatchObject({ state: 'failed', error: { code: 'replacement_deadline_passed' } });
  await expect(stock.inventory.replacements.cancel(again.replacement.id, 'bob', 'no longer needed')).rejects.toMatchObject({
    code: 'replacement_finished',
  });
});

test('what cannot be replaced, and by whom it cannot', async () => {
  const broken = await serving();
  await expect(replace(broken)).rejects.toMatchObject({ code: 'no_spare', facts: { because: 'none_available', looked: 0 } });
  const small = await stock.addServerIn('available');
  const { disks: _, ...rest } = inspectionWith([]);
  await postgresServers(db.database).acceptHardware(small, { ...rest, disks: [] }, newId('operation'));
  const plan = await stock.inventory.replacements.plan({ serverId: broken, order: 'spare_first' });
  expect(plan).toMatchObject({
    takesOut: true,
    choice: { chosen: null, passedOver: [{ id: small, reason: 'hardware_too_small', facts: { part: 'solid-state disk' } }] },
  });
  await expect(replace(broken)).rejects.toMatchObject({ code: 'no_spare', facts: { because: 'hardware_too_small' } });
  const fitting = await spare();
  await expect(replace(broken, 'spare_first', { spareId: small })).rejects.toMatchObject({ code: 'no_spare' });
  await expect(replace(fitting)).rejects.toMatchObject({ code: 'nothing_installed' });
  await expect(replace(newId('server'))).rejects.toMatchObject({ code: 'not_found' });
  expect(await stateOf(fitting)).toBe('available');
});

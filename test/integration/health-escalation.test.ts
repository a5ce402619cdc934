// The upper rungs on a real Postgres: what the policy begins when restarts do not mend it, once, and what it leaves to a person.
import { bmcSights } from '@rackwright/worker-app/health/bmc-sights.ts';
import { healthRound } from '@rackwright/worker-app/health/health-round.ts';
import type { SignalName } from '@rackwright/domain/health/signals.ts';
import type { ClusterId, OperationId, ReplacementId, ServerId } from '@rackwright/domain/ids.ts';
import { actOnDecisions } from '@rackwright/store/health/act-on-decisions.ts';
import { noteSights } from '@rackwright/store/health/cluster-sights.ts';
import { leadHealth } from '@rackwright/store/health/health-policy.ts';
import { raiseFindings } from '@rackwright/store/health/note-findings.ts';
import { noteNodes } from '@rackwright/store/health/note-nodes.ts';
import { readHealthView } from '@rackwright/store/health/read-health-view.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { advanceReplacement } from '@rackwright/store/replacements/advance-replacement.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { inspectionWith, stockInventory, type Stock } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { beforeEach, expect, test } from 'vitest';
import { type Json, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
let stock: Stock;
let clusterId: ClusterId;
let servers: ServerId[];
const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
const SLOT = 'DIMM A2';
let numbered = 0;

/** A site and a cluster of its own for each test, with six servers in service and nothing that is spare. */
beforeEach(async () => {
  await api.sql('delete from health_signals');
  await api.sql('delete from cluster_sights');
  stock = await stockInventory(api.database);
  const settings = {
    apiEndpoint: 'https://10.0.0.1:6443',
    ca: '',
    kubernetesVersion: 'v1.36.0',
    settings: {},
    credentials: null,
  };
  clusterId = (await stock.inventory.clusters.create(newId('cluster'), { name: `c${++numbered}`, ...settings })).id;
  servers = [];
  for (const nodeName of NODES) {
    const id = await stock.addServerIn('in_service');
    servers.push(id);
    const ports = postgresServers(api.database);
    const memoryModules = ['A1', 'A2'].map((slot) => ({
      slot: `DIMM ${slot}`,
      sizeBytes: 2 ** 29,
      serial: `MOD-${id}-${slot}`,
      manufacturer: 'M',
    }));
    await ports.acceptHardware(id, { ...inspectionWith([`ROOT-${id}`]), memoryModules }, newId('operation'));
    await api.sql(
      `insert into allocations (server_id, cluster_id, node_name, image_digest, root_disk_serial, node_uid, operation_id)
       values ($1, $2, $3, 'sha256-0', $4, $5, 'op_0')`,
      [id, clusterId, nodeName, `ROOT-${id}`, `uid-${id}`],
    );
  }
  await noteSights(api.database, 'w1', [{ clusterId, sees: true, why: '' }]);
  await setPolicy({ settleSeconds: 0, domainWindowSeconds: 0, cooldownSeconds: 0, paused: false });
  await setPolicy({ escalation: { reimage: 'ask', replace: 'ask', workOrder: 'automatic', replacementsPerDay: 2 } });
});

const setPolicy = async (change: object): Promise<Json> => {
  const { status, body } = await call('PATCH', '/v1/health-policy', change, { 'if-match': '*' });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
const automatic = (what: 'reimage' | 'replace') => setPolicy({ escalation: { [what]: 'automatic' } });

async function round(worker: string): Promise<OperationId[]> {
  const woken: OperationId[] = [];
  await healthRound({
    store: {
      lead: (forMs) => leadHealth(api.database, worker, forMs),
      view: () => readHealthView(api.database),
      act: (acts) => actOnDecisions(api.database, worker, acts),
    },
    bmcs: bmcSights({ now: () => Date.now(), power: () => Promise.resolve(), log: { warn: () => undefined } }),
    wakeUp: async (id) => void woken.push(id),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return woken;
}
/** Two that both think that they are the controller: the one's lease runs out while it works. */
async function race(): Promise<OperationId[]> {
  const ends = await Promise.all(
    Array.from({ length: 6 }, async (_, n) => {
      await api.sql(`update health_policy set leader_until = now() - interval '1 second'`);
      return round(`w${(n % 2) + 1}`);
    }),
  );
  await api.sql(`update health_policy set leader_until = now() - interval '1 second'`);
  return [...ends.flat(), ...(await round('w1'))];
}

const breakDimm = (id: ServerId, detail = `Uncorrectable ECC error, ${SLOT}`) =>
  inTransaction(api.database, (tx) =>
    raiseFindings(tx, [{ serverId: id, findings: [{ signal: 'memory_uncorrectable', detail }] }]),
  );
const say = (changes: Record<string, SignalName[]>) =>
  noteNodes(
    api.database,
    clusterId,
    NODES.map((nodeName) => ({
      nodeName,
      controlPlane: false,
      signals: (changes[nodeName] ?? []).map((signal) => ({ signal, detail: '' })),
    })),
  );
async function addSpare(change: object = {}): Promise<ServerId> {
  const id = await stock.addServerIn('available');
  const inspection = { ...inspectionWith([`SPARE-${id}`]), ...change };
  await postgresServers(api.database).acceptHardware(id, inspection, newId('operation'));
  return id;
}
const siteServers = async (): Promise<string[]> =>
  (await api.sql<{ id: string }>('select id from servers where site_id = $1', [stock.siteId])).map(({ id }) => id);
const healthOf = async (id: ServerId): Promise<Json> => (await call('GET', `/v1/servers/${id}/health`)).body;
const incidentOf = async (id: ServerId): Promise<Json> =>
  (await call('GET', '/v1/incidents?limit=500')).body.items.find((one: Json) => one.scope.id === id);
const ordersOf = async (id: ServerId): Promise<Json[]> => (await call('GET', `/v1/work-orders?serverId=${id}`)).body.items;
const replacementsOf = async (id: ServerId): Promise<Json[]> => (await call('GET', `/v1/replacements?serverId=${id}`)).body.items;
async function end(operationId: OperationId, code?: string): Promise<void> {
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(operationId, 'w', 60_000);
  if (typeof run === 'string') throw new Error(run);
  if (code === undefined) return runs.finish(run);
  return runs.fail(run, { kind: 'refusal', code, message: '', retry: 'never', facts: {} }, 'fail');
}

test('a dead module: one work order names it, and the replacement waits for a person, who is told how', async () => {
  const [broken = newId('server')] = servers;
  await breakDimm(broken);
  expect(await race()).toEqual([]);
  const [order, ...more] = await ordersOf(broken);
  expect(more).toEqual([]);
  expect(order).toMatchObject({
    state: 'open',
    openedBy: { principal: 'health policy' },
    cause: 'a memory module lost bits that could not be corrected',
    part: { kind: 'memory', slot: SLOT, oldSerial: `MOD-${broken}-A2` },
  });
  const { decision } = await healthOf(broken);
  expect(decision).toMatchObject({ do: 'escalate', rung: 'replace', because: 'part_failed' });
  const sayYes = expect.stringContaining(`POST /v1/servers/${broken}/replacements`);
  expect(decision.remedies).toMatchObject([
    {
      remedy: 'open_work_order',
      state: 'begun',
      id: order?.id,
      sayYes: null,
      facts: { part: 'memory', slot: SLOT, partSerial: `MOD-${broken}-A2` },
    },
    { remedy: 'replace', state: 'waits', id: null, because: 'escalation_asks', sayYes },
  ]);
  expect(await incidentOf(broken)).toMatchObject({
    type: 'hardware_failed',
    facts: { workOrderId: order?.id, slot: SLOT, replace_waits: 'escalation_asks', replace_by_hand: sayYes },
  });
  const told = await incidentOf(broken);
  await round('w1');
  expect((await incidentOf(broken)).facts).toEqual(told.facts);
  expect(await replacementsOf(broken)).toEqual([]);
});

test('a work order that a person cancelled is not opened again while the same fault stands', async () => {
  const [broken = newId('server')] = servers;
  await breakDimm(broken);
  await round('w1');
  const [order] = await ordersOf(broken);
  const cancel = await call('POST', `/v1/work-orders/${order?.id}/cancel`, { reason: 'known' }, { 'if-match': '*' });
  expect(cancel.status).toBe(200);
  await round('w1');
  expect(await ordersOf(broken)).toHaveLength(1);
  expect((await healthOf(broken)).decision.remedies[0]).toMatchObject({
    id: order?.id,
    facts: { open_work_order_ended: 'cancelled' },
  });
  // Mended, and broken anew: that is another trouble.
  expect((await call('DELETE', `/v1/servers/${broken}/health/findings`)).status).toBe(204);
  await round('w1');
  await breakDimm(broken);
  await round('w1');
  expect(await ordersOf(broken)).toHaveLength(2);
});

test('replace automatic: two controllers begin one replacement; at its end the one work order is its own', async () => {
  await automatic('replace');
  const [spare, second] = [await addSpare(), await addSpare()];
  const [broken = newId('server')] = servers;
  await breakDimm(broken);
  const woken = await race();
  expect(woken).toHaveLength(1);
  const [replacement, ...more] = await replacementsOf(broken);
  expect(more).toEqual([]);
  expect(replacement).toMatchObject({ state: 'taking_in', requestedBy: { principal: 'health policy' }, takesOutBy: 'repair' });
  expect([spare, second]).toContain(replacement?.spare.id);
  const [order] = await ordersOf(broken);
  expect((await healthOf(broken)).decision.remedies).toMatchObject([
    { remedy: 'open_work_order', state: 'begun', id: order?.id },
    { remedy: 'replace', state: 'begun', id: replacement?.id, facts: { spare: replacement?.spare.name } },
  ]);
  expect(await incidentOf(broken)).toMatchObject({ facts: { workOrderId: order?.id, replacementId: replacement?.id } });

  await end(woken[0]!);
  const id = replacement?.id as ReplacementId;
  const isolating = await advanceReplacement(api.database, id);
  await round('w1');
  // Taken out in the policy's name: it still counts as unhealthy.
  expect(await healthOf(broken)).toMatchObject({ state: 'isolating', decision: { because: 'operation_in_progress' } });
  await end(isolating!);
  await advanceReplacement(api.database, id);
  expect(await replacementsOf(broken)).toMatchObject([{ state: 'succeeded', workOrderId: order?.id }]);
  expect((await healthOf(broken)).state).toBe('in_repair');
  expect(await ordersOf(broken)).toMatchObject([{ id: order?.id, state: 'open' }]);
  expect(await round('w1')).toEqual([]);
  expect(await incidentOf(broken)).toBeUndefined();
  expect(await healthOf(replacement?.spare.id)).toMatchObject({ state: 'in_service', decision: null });
});

test.each(['work_orders', 'operations', 'replacements', 'incidents', 'health_decisions'])(
  'a controller that dies while it writes %s has begun nothing; the next one begins each thing once',
  async (table) => {
    await automatic('replace');
    await addSpare();
    const [broken = newId('server')] = servers;
    await breakDimm(broken);
    await api.sql(`create function die() returns trigger language plpgsql as $$ begin raise exception 'died'; end $$`);
    await api.sql(`create trigger die after insert or update on ${table} execute function die()`);
    await expect(round('w1')).rejects.toThrow();
    await api.sql('drop function die cascade');
    expect(await ordersOf(broken)).toEqual([]);
    expect(await replacementsOf(broken)).toEqual([]);
    expect(await incidentOf(broken)).toBeUndefined();
    // The spare is as free as before.
    expect(
      await api.sql(`select from operations where state = 'running' and server_id = any($1)`, [await siteServers()]),
    ).toEqual([]);
    expect(await race()).toHaveLength(1);
    expect(await ordersOf(broken)).toHaveLength(1);
    expect(await replacementsOf(broken)).toHaveLength(1);
  },
);

test('no spare: the incident names each candidate and why it was passed over; one that fits later is taken', async () => {
  await automatic('replace');
  const small = await addSpare({ memoryBytes: 2 ** 28 });
  const [broken = newId('server')] = servers;
  await breakDimm(broken);
  expect(await race()).toEqual([]);
  const { name } = (await call('GET', `/v1/servers/${small}`)).body;
  const passedOver = expect.stringContaining(`${name}: hardware_too_small`);
  expect((await healthOf(broken)).decision.remedies[1]).toMatchObject({
    state: 'waits',
    because: 'no_spare',
    facts: { candidates: 1, passedOver },
  });
  expect(await incidentOf(broken)).toMatchObject({ facts: { replace_waits: 'no_spare', passedOver } });
  const spare = await addSpare();
  expect(await round('w1')).toHaveLength(1);
  expect(await replacementsOf(broken)).toMatchObject([{ spare: { id: spare } }]);
});

test('a replacement that ended without success is not begun again by itself', async () => {
  await automatic('replace');
  for (let n = 0; n < 2; n++) await addSpare();
  const [broken = newId('server')] = servers;
  await breakDimm(broken);
  await round('w1');
  const [replacement] = await replacementsOf(broken);
  const cancelled = await call('POST', `/v1/replacements/${replacement?.id}/cancel`, {}, { 'idempotency-key': `c-${broken}` });
  expect(cancelled.status).toBeLessThan(300);
  expect(await round('w1')).toEqual([]);
  expect(await replacementsOf(broken)).toHaveLength(1);
  expect((await healthOf(broken)).decision.remedies[1]).toMatchObject({
    id: replacement?.id,
    facts: { replace_ended: 'cancelled' },
  });
});

test('the budget of a cluster and day: the third replacement waits and says for what', async () => {
  await automatic('replace');
  await setPolicy({ atOncePerRack: 10, atOncePerFeed: 10, atOncePerSwitch: 10, atOncePerCluster: 10 });
  for (let n = 0; n < 4; n++) await addSpare();
  for (const id of servers.slice(0, 3)) await breakDimm(id);
  expect(await race()).toHaveLength(2);
  const last = (await Promise.all(servers.slice(0, 3).map(healthOf))).map(({ decision }) => decision.remedies[1]);
  expect(last.filter(({ state }: Json) => state === 'begun')).toHaveLength(2);
  expect(last.find(({ state }: Json) => state === 'waits')).toMatchObject({ because: 'cluster_day_spent' });
  await setPolicy({ atOncePerRack: 2, atOncePerFeed: 2, atOncePerSwitch: 2, atOncePerCluster: 3 });
});

test('restarts did not mend it: re-imaged by the policy once; unwell again within the day it goes one rung up', async () => {
  const [broken = newId('server')] = servers;
  await say({ n1: ['node_silent'] });
  const [remediation] = await round('w1');
  await end(remediation!, 'remediation_exhausted');
  await round('w1');
  expect((await healthOf(broken)).decision.remedies).toMatchObject([{ remedy: 'reimage', because: 'escalation_asks' }]);
  expect(await incidentOf(broken)).toMatchObject({ type: 'needs_person', facts: { reimage_waits: 'escalation_asks' } });

  await automatic('reimage');
  const woken = await race();
  expect(woken).toHaveLength(1);
  expect((await call('GET', `/v1/operations/${woken[0]}`)).body).toMatchObject({
    type: 'reimage',
    requestedBy: { principal: 'health policy' },
    reason: expect.stringContaining('remediation_gave_up'),
  });
  expect(await healthOf(broken)).toMatchObject({
    state: 'reimaging',
    decision: { because: 'operation_in_progress', remedies: [{ remedy: 'reimage', state: 'begun', id: woken[0] }] },
  });
  // It is being seen to: nobody else needs to.
  expect(await incidentOf(broken)).toBeUndefined();
  await end(woken[0]!, 'node_not_ready');
  await round('w1');
  const { decision } = await healthOf(broken);
  expect(decision).toMatchObject({ rung: 'replace', because: 'reimage_did_not_hold', facts: { after: 'installation_failed' } });
  expect((await incidentOf(broken)).facts).toMatchObject({ wanted: 'replace', replace_waits: 'escalation_asks' });
  expect(decision.remedies).toMatchObject([
    { remedy: 'open_work_order', state: 'begun' },
    { remedy: 'replace', state: 'waits', because: 'escalation_asks' },
  ]);
});

test('paused, a blind worker, a domain incident: nothing is begun, not even a work order, and each says why', async () => {
  await automatic('replace');
  await addSpare();
  const [broken = newId('server')] = servers;
  await breakDimm(broken);
  const waitsFor = async (because: string) => {
    expect(await round('w1')).toEqual([]);
    const { remedies } = (await healthOf(broken)).decision;
    expect(remedies.map((one: Json) => [one.state, one.because])).toEqual([
      ['waits', because],
      ['waits', because],
    ]);
  };
  await setPolicy({ paused: true });
  await waitsFor('remediation_paused');
  await setPolicy({ paused: false });
  await noteSights(api.database, 'w2', [{ clusterId, sees: false, why: 'connection refused' }]);
  await waitsFor('vantages_disagree');
  await noteSights(api.database, 'w2', [{ clusterId, sees: true, why: '' }]);
  await say(Object.fromEntries(NODES.map((name) => [name, ['node_silent' as const]])));
  await waitsFor('domain_incident');
  expect(await ordersOf(broken)).toEqual([]);
  expect(await replacementsOf(broken)).toEqual([]);
  await say({});
});

test('the policy: a part of escalation is changed and the rest stays', async () => {
  const before = (await call('GET', '/v1/health-policy')).body.escalation;
  expect(before).toMatchObject({ reimage: 'ask', replace: 'ask', workOrder: 'automatic' });
  const { escalation } = await setPolicy({ escalation: { reimagesPerDay: 7 } });
  expect(escalation).toEqual({ ...before, reimagesPerDay: 7 });
  expect((await call('PATCH', '/v1/health-policy', { escalation: { replace: 'yes' } }, { 'if-match': '*' })).status).toBe(400);
  await setPolicy({ escalation: before });
});

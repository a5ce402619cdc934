// What stands about a server while operations come and go: the signals of its Node, the incidents that somebody looks after.
import type { SignalName } from '@rackwright/domain/health/signals.ts';
import type { ClusterId, OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { ServerEvent } from '@rackwright/domain/server-lifecycle/table.ts';
import { actOnDecisions } from '@rackwright/store/health/act-on-decisions.ts';
import { noteSights } from '@rackwright/store/health/cluster-sights.ts';
import { leadHealth } from '@rackwright/store/health/health-policy.ts';
import { raiseFindings } from '@rackwright/store/health/note-findings.ts';
import { noteNodes } from '@rackwright/store/health/note-nodes.ts';
import { readHealthView } from '@rackwright/store/health/read-health-view.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { type BeginErrand, beginErrand, type BeginOperation } from '@rackwright/store/operations/begin-operation.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { inspectionWith, stockInventory, type Stock } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { bmcSights } from '@rackwright/worker-app/health/bmc-sights.ts';
import { healthRound } from '@rackwright/worker-app/health/health-round.ts';
import { beforeEach, expect, test } from 'vitest';
import { type Json, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
let stock: Stock;
let clusterId: ClusterId;
let server: ServerId;
const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
let numbered = 0;

/** A cluster of its own for each test: `server` is the first of six that serve. */
beforeEach(async () => {
  await api.sql('delete from cluster_sights');
  await api.sql('delete from health_signals');
  await api.sql(`update servers set state = 'retired', address = null`);
  stock = await stockInventory(api.database);
  const cluster = { apiEndpoint: 'https://10.0.0.1:6443', ca: '', kubernetesVersion: 'v1.36.0', settings: {}, credentials: null };
  clusterId = (await stock.inventory.clusters.create(newId('cluster'), { name: `c${++numbered}`, ...cluster })).id;
  const servers: ServerId[] = [];
  for (const nodeName of NODES) {
    const id = await stock.addServerIn('in_service');
    servers.push(id);
    await assign(id, nodeName);
  }
  [server = newId('server')] = servers;
  await noteSights(api.database, 'w1', [{ clusterId, sees: true, why: '' }]);
  const asks = { reimage: 'ask', replace: 'ask', workOrder: 'ask' };
  await setPolicy({ settleSeconds: 0, domainWindowSeconds: 0, cooldownSeconds: 0, paused: false, escalation: asks });
});

const assign = (id: ServerId, nodeName: string) =>
  api.sql(
    `insert into allocations (server_id, cluster_id, node_name, image_digest, root_disk_serial, node_uid, operation_id)
     values ($1, $2, $3, 'sha256-0', 'SSD', $4, 'op_0')`,
    [id, clusterId, nodeName, `uid-${nodeName}`],
  );
const setPolicy = async (change: object) =>
  expect((await call('PATCH', '/v1/health-policy', change, { 'if-match': '*' })).status).toBe(200);
const say = (...ofFirst: SignalName[]) =>
  noteNodes(
    api.database,
    clusterId,
    NODES.map((nodeName) => ({
      nodeName,
      controlPlane: false,
      signals: nodeName === 'n1' ? ofFirst.map((signal) => ({ signal, detail: '' })) : [],
    })),
  );
const signals = async (): Promise<[SignalName, string][]> =>
  (await call('GET', `/v1/servers/${server}/health`)).body.signals.map(({ signal, since }: Json) => [signal, since]);
const stateOf = async (): Promise<string> => (await stock.inventory.servers.get(server)).state;
const begin = (event: BeginOperation['event']) => stock.begin(server, event);

async function end(operationId: OperationId, event: ServerEvent = 'finish', code = 'write_failed'): Promise<void> {
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(operationId, 'w', 60_000);
  if (typeof run === 'string') throw new Error(run);
  if (event === 'finish') return runs.finish(run);
  return runs.fail(run, { kind: 'refusal', code, message: '', retry: 'never', facts: {} }, event);
}

async function round(): Promise<OperationId[]> {
  const woken: OperationId[] = [];
  const nothing = () => undefined;
  await healthRound({
    store: {
      lead: (forMs) => leadHealth(api.database, 'w1', forMs),
      view: () => readHealthView(api.database),
      act: (acts) => actOnDecisions(api.database, 'w1', acts),
    },
    bmcs: bmcSights({ now: () => Date.now(), power: () => Promise.resolve(), log: { warn: () => undefined } }),
    wakeUp: async (id) => void woken.push(id),
    log: { info: nothing, warn: nothing, error: nothing },
  });
  return woken;
}

test('released and handed out again: what was seen of its earlier Node is gone, already while it is nobody’s', async () => {
  await say('node_silent', 'readonly_filesystem');
  // Without disks there is nothing to erase.
  await postgresServers(api.database).acceptHardware(server, inspectionWith([]), newId('operation'));
  const release = await begin('release');
  expect(await signals()).toHaveLength(2);
  await api.sql('delete from allocations where server_id = $1', [server]);
  await end(release);
  expect([await stateOf(), await signals()]).toEqual(['available', []]);
  const told = await api.sql<{ signal: string }>(
    `select payload->>'signal' as signal from events where server_id = $1 and kind = 'server.signal_cleared' order by 1`,
    [server],
  );
  expect(told.map(({ signal }) => signal)).toEqual(['node_silent', 'readonly_filesystem']);

  await end(await begin('provision'), 'fail');
  expect([await stateOf(), await signals()]).toEqual(['provisioning_failed', []]);
  await assign(server, 'n1');
  await end(await begin('provision'));
  expect([await stateOf(), await signals()]).toEqual(['in_service', []]);
});

test('re-imaged: its new system starts without the signals of the old one, also after a first attempt failed', async () => {
  await say('node_silent');
  await end(await begin('reimage'));
  expect([await stateOf(), await signals()]).toEqual(['in_service', []]);
  await say('node_silent');
  await end(await begin('reimage'), 'fail');
  await end(await begin('provision'));
  expect([await stateOf(), await signals()]).toEqual(['in_service', []]);
});

test('what changes nothing keeps them, with their time: kept by a workflow, remediated, degraded and called well', async () => {
  await say('node_silent');
  const before = await signals();
  const stays = async (state: string) => expect([await stateOf(), await signals()]).toEqual([state, before]);
  for (const event of ['release', 'reimage', 'isolate', 'remediate'] as const) {
    await end(await begin(event), 'keep');
    await stays('in_service');
  }
  await end(await begin('remediate'));
  await stays('in_service');
  await end(await begin('remediate'), 'fail', 'remediation_exhausted');
  await stays('degraded');
  await end(await begin('reimage'), 'keep');
  await stays('degraded');
  await call('POST', `/v1/servers/${server}/operations`, { type: 'recover' }, { 'idempotency-key': `recover-${server}` });
  await stays('in_service');
});

const openIncidents = async (): Promise<Json[]> =>
  (await call('GET', '/v1/incidents?limit=500')).body.items.filter((one: Json) => one.scope.id === server);
const breakDimm = () =>
  inTransaction(api.database, (tx) =>
    raiseFindings(tx, [{ serverId: server, findings: [{ signal: 'memory_uncorrectable', detail: 'DIMM_A1' }] }]),
  );

/** Somebody looks after it. */
async function acknowledged(type: string): Promise<string> {
  await round();
  const [incident, ...others] = await openIncidents();
  expect([incident.type, others]).toEqual([type, []]);
  await call('POST', `/v1/incidents/${incident.id}/acknowledge`, { note: 'on my way' });
  return incident.id;
}
async function expectStill(id: string): Promise<void> {
  await round();
  expect(await openIncidents()).toMatchObject([{ id, acknowledged: { note: 'on my way' } }]);
}

async function powerOn(): Promise<OperationId> {
  const id = newId('operation');
  const errand: BeginErrand = { serverId: server, errand: 'power-on-server', params: {}, requestedBy: 'ann', reason: '' };
  await inTransaction(api.database, (tx) => beginErrand(tx, id, errand));
  return id;
}

test.each([
  ['powers it on', powerOn, 'finish'],
  ['isolates it, and its drain is kept', () => begin('isolate'), 'keep'],
  ['re-images it by hand, and it is kept', () => begin('reimage'), 'keep'],
  ['remediates it', () => begin('remediate'), 'finish'],
] as const)('a hardware incident stays the same while somebody %s, until its finding is gone', async (_what, work, ending) => {
  await breakDimm();
  const id = await acknowledged('hardware_failed');
  const operation = await work();
  await expectStill(id);
  await end(operation, ending);
  await expectStill(id);

  const another = await work();
  await call('DELETE', `/v1/servers/${server}/health/findings`);
  await expectStill(id);
  await end(another, ending);
  await round();
  expect(await openIncidents()).toEqual([]);
});

/** In vain. */
async function exhausted(): Promise<void> {
  await say('node_silent');
  const [remediation] = await round();
  await end(remediation!, 'fail', 'remediation_exhausted');
}

test('a person is still needed while restarts are tried once more, and no more when they help', async () => {
  await exhausted();
  const id = await acknowledged('needs_person');
  await end(await begin('remediate'), 'fail', 'remediation_exhausted');
  await expectStill(id);
  const again = await begin('remediate');
  await expectStill(id);
  await say();
  await end(again);
  await round();
  expect(await openIncidents()).toEqual([]);
});

test('one that the policy re-images needs nobody: closed when it begins, another one when that was in vain', async () => {
  await exhausted();
  const id = await acknowledged('needs_person');
  await setPolicy({ escalation: { reimage: 'automatic' } });
  const [reimage, ...others] = await round();
  expect(others).toEqual([]);
  expect(await openIncidents()).toEqual([]);
  await round();
  expect(await openIncidents()).toEqual([]);
  await end(reimage!, 'fail', 'installation_failed');
  await round();
  const [next, ...more] = await openIncidents();
  expect([next.type, more]).toEqual(['needs_person', []]);
  expect(next.id).not.toBe(id);
});

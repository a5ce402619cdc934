// The health controller on a real Postgres: signals with their times, one controller among many, acts once, and an API that says why.
import { bmcSights } from '@rackwright/worker-app/health/bmc-sights.ts';
import { healthRound } from '@rackwright/worker-app/health/health-round.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { SignalName } from '@rackwright/domain/health/signals.ts';
import type { ClusterId, OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { actOnDecisions } from '@rackwright/store/health/act-on-decisions.ts';
import { noteSights } from '@rackwright/store/health/cluster-sights.ts';
import { leadHealth, stopLeadingHealth } from '@rackwright/store/health/health-policy.ts';
import { raiseFindings } from '@rackwright/store/health/note-findings.ts';
import { type NodeReading, noteNodes } from '@rackwright/store/health/note-nodes.ts';
import { readHealthView } from '@rackwright/store/health/read-health-view.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { stockInventory, type Stock } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Json, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
let stock: Stock;
let clusterId: ClusterId;
const servers: ServerId[] = [];
const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
const QUICK = { settleSeconds: 0, domainWindowSeconds: 0, cooldownSeconds: 0 };

beforeAll(async () => {
  stock = await stockInventory(api.database);
  const cluster = await stock.inventory.clusters.create(newId('cluster'), {
    name: 'c1',
    apiEndpoint: 'https://10.0.0.1:6443',
    ca: '',
    kubernetesVersion: 'v1.36.0',
    settings: {},
    credentials: null,
  });
  clusterId = cluster.id;
  for (const nodeName of NODES) {
    const id = await stock.addServerIn('in_service');
    servers.push(id);
    await api.sql(
      `insert into allocations (server_id, cluster_id, node_name, image_digest, root_disk_serial, node_uid, operation_id)
       values ($1, $2, $3, 'sha256-0', 'SSD', $4, 'op_0')`,
      [id, clusterId, nodeName, `uid-${nodeName}`],
    );
  }
});
beforeEach(() => noteSights(api.database, 'w1', [{ clusterId, sees: true, why: '' }]));
afterEach(async () => {
  await noteNodes(api.database, clusterId, all());
  await api.sql('delete from cluster_sights');
  await setPolicy({ ...QUICK, paused: false });
  await round('w1');
  await stopLeadingHealth(api.database, 'w1');
});

const all = (changes: Partial<Record<string, SignalName[]>> = {}): NodeReading[] =>
  NODES.map((nodeName) => ({
    nodeName,
    controlPlane: false,
    signals: (changes[nodeName] ?? []).map((signal) => ({ signal, detail: `${signal} it is` })),
  }));
const say = (changes: Partial<Record<string, SignalName[]>>) => noteNodes(api.database, clusterId, all(changes));
const setPolicy = async (change: object) => {
  const { status, body } = await call('PATCH', '/v1/health-policy', change, { 'if-match': '*' });
  if (status !== 200) throw new Error(JSON.stringify(body));
};
/** `silent`: the BMCs that do not answer. */
async function round(worker: string, silent: ServerId[] = []): Promise<OperationId[]> {
  const woken: OperationId[] = [];
  const bmcs = bmcSights({
    now: () => Date.now(),
    power: async (id, onTurn) => {
      onTurn();
      if (silent.includes(id)) throw new Fault({ code: 'bmc_unreachable', doing: 'read its power', retry: 'soon' });
    },
    log: { warn: () => undefined },
  });
  await healthRound({
    store: {
      lead: (forMs) => leadHealth(api.database, worker, forMs),
      view: () => readHealthView(api.database),
      act: (acts) => actOnDecisions(api.database, worker, acts),
    },
    bmcs,
    wakeUp: async (id) => void woken.push(id),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return woken;
}
const healthOf = async (n: number): Promise<Json> => (await call('GET', `/v1/servers/${servers[n]}/health`)).body;
const open = async (): Promise<Json[]> => (await call('GET', '/v1/incidents')).body.items;
/** As if the workflow had ended so. */
async function end(operationId: OperationId, code?: string): Promise<void> {
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(operationId, 'w', 60_000);
  if (typeof run === 'string') throw new Error(run);
  if (code === undefined) return runs.finish(run);
  return runs.fail(run, { kind: 'refusal', code, message: '', retry: 'never', facts: {} }, 'fail');
}

test('signals begin once, pass their time on within a family, end with an event; a node that is gone is one', async () => {
  await say({ n1: ['node_silent', 'readonly_filesystem'] });
  const [silent] = (await healthOf(0)).signals.filter((one: Json) => one.signal === 'node_silent');
  expect(silent).toMatchObject({ source: 'node', firstRung: 'restart_software', detail: 'node_silent it is' });
  await say({ n1: ['node_silent', 'readonly_filesystem'] });
  // A booting node goes from Unknown to False: the timer does not begin anew.
  await say({ n1: ['node_not_ready'] });
  expect((await healthOf(0)).signals).toMatchObject([{ signal: 'node_not_ready', since: silent.since }]);
  await noteNodes(api.database, clusterId, all().slice(1));
  expect((await healthOf(0)).signals).toMatchObject([{ signal: 'node_gone', since: silent.since }]);
  await say({});
  expect((await healthOf(0)).signals).toEqual([]);
  const told = await api.sql<{ kind: string; signal: string }>(
    `select kind, payload->>'signal' as signal from events where server_id = $1 and kind like 'server.signal%' order by seq`,
    [servers[0]],
  );
  expect(told.map(({ kind, signal }) => `${kind.replace('server.signal_', '')} ${signal}`)).toEqual([
    'raised node_silent',
    'raised readonly_filesystem',
    'raised node_not_ready',
    'cleared node_silent',
    'cleared readonly_filesystem',
    'raised node_gone',
    'cleared node_not_ready',
    'cleared node_gone',
  ]);
});

test('which nodes are control planes is read from their labels, both ways', async () => {
  const planes = async () =>
    (await readHealthView(api.database))?.servers.filter(({ controlPlane }) => controlPlane).map(({ id }) => id);
  const marked = all({ n1: ['memory_pressure'] }).map((one) => ({ ...one, controlPlane: one.nodeName === 'n2' }));
  await noteNodes(api.database, clusterId, marked);
  expect(await planes()).toEqual([servers[1]]);
  await say({ n1: ['memory_pressure'] });
  expect(await planes()).toEqual([]);
});

test('settling first, and it says until when; then begun once, however many workers think that they should', async () => {
  await setPolicy({ settleSeconds: 3_600 });
  await say({ n1: ['node_silent'] });
  expect(await round('w1')).toEqual([]);
  const waiting = await healthOf(0);
  expect(waiting.decision).toMatchObject({ do: 'nothing', because: 'settling', unblockedBy: expect.stringContaining('time') });
  expect(Date.parse(waiting.decision.until) - Date.parse(waiting.signals[0].since)).toBe(3_600_000);
  const conditions = (await call('GET', `/v1/servers/${servers[0]}`)).body.conditions;
  expect(conditions).toContainEqual({ type: 'Healthy', status: 'false', reason: 'settling', message: 'node_silent' });

  await setPolicy({ settleSeconds: 0 });
  const begun = (await Promise.all(['w1', 'w2', 'w3', 'w1'].map((worker) => round(worker)))).flat();
  expect(begun).toHaveLength(1);
  const operation = (await call('GET', `/v1/operations/${begun[0]}`)).body;
  expect(operation).toMatchObject({
    type: 'remediate',
    requestedBy: { principal: 'health policy' },
    reason: 'node_silent',
    params: { first: 'restart_software', powerCycles: 2, bootSeconds: 1_200, onlyIf: 'not_ready' },
  });
  expect(await round('w1')).toEqual([]);
  expect((await healthOf(0)).decision).toMatchObject({ because: 'already_remediating' });
  await end(begun[0]!);
  expect((await healthOf(0)).state).toBe('in_service');
});

test('what restarts did not mend is handed on with one incident, until somebody calls it well', async () => {
  await say({ n2: ['node_silent'] });
  const [operation] = await round('w1');
  await end(operation!, 'remediation_exhausted');
  await round('w1');
  await round('w1');
  expect(await healthOf(1)).toMatchObject({
    state: 'degraded',
    decision: { do: 'escalate', rung: 'reimage', because: 'remediation_gave_up' },
    remediations: [{ operationId: operation, state: 'failed', failure: 'remediation_exhausted', requestedBy: 'health policy' }],
  });
  expect(await open()).toMatchObject([{ type: 'needs_person', scope: { kind: 'server', id: servers[1] } }]);
  const recover = await call('POST', `/v1/servers/${servers[1]}/operations`, { type: 'recover' }, { 'idempotency-key': 'r1' });
  expect(recover).toMatchObject({ status: 200, body: { state: 'in_service' } });
  await say({});
  await round('w1');
  expect(await open()).toEqual([]);
});

test('a finding of the BMC opens a hardware incident, for many servers in one go, until somebody calls it mended', async () => {
  const findings = [{ signal: 'memory_uncorrectable', detail: 'DIMM_A1' }] as const;
  const readings = [servers[2]!, servers[3]!].map((serverId) => ({ serverId, findings }));
  await inTransaction(api.database, (tx) => raiseFindings(tx, readings));
  await inTransaction(api.database, (tx) => raiseFindings(tx, readings));
  expect(await round('w1')).toEqual([]);
  expect((await open()).map((one) => [one.type, one.facts.wanted])).toEqual([
    ['hardware_failed', 'replace'],
    ['hardware_failed', 'replace'],
  ]);
  await round('w1');
  for (const id of [servers[2], servers[3]]) {
    const { body } = await call('GET', `/v1/work-orders?serverId=${id}`);
    expect(body.items).toMatchObject([
      {
        state: 'open',
        cause: 'a memory module lost bits that could not be corrected',
        part: { kind: 'memory' },
        notes: 'memory_uncorrectable: DIMM_A1',
        openedBy: { principal: 'health policy' },
      },
    ]);
    expect((await call('GET', `/v1/servers/${id}/health`)).body.signals).toMatchObject([{ source: 'bmc', lasts: 'permanent' }]);
    expect((await call('DELETE', `/v1/servers/${id}/health/findings`)).status).toBe(204);
  }
  await round('w1');
  expect(await open()).toEqual([]);
});

test('a blind worker stops everybody; one that died is forgotten', async () => {
  await say({ n1: ['node_silent'] });
  await noteSights(api.database, 'w2', [{ clusterId, sees: false, why: 'connection refused' }]);
  expect(await round('w1')).toEqual([]);
  expect((await healthOf(0)).decision).toMatchObject({ because: 'vantages_disagree', facts: { workers: 2, blind: 1 } });
  expect((await open()).map(({ type }) => type)).toEqual(['view_doubtful']);
  await api.sql(`update cluster_sights set seen_at = now() - interval '2 minutes' where vantage = 'w2'`);
  const [operation] = await round('w1');
  expect(operation).toBeDefined();
  expect(await open()).toEqual([]);
  await end(operation!);
});

test('many silent BMCs are one incident about their network; a single one is about its server', async () => {
  await setPolicy({ domainFailures: 1_000, clusterUnhealthyPercent: 100 });
  await say({ n1: ['node_silent'], n2: ['node_silent'], n3: ['node_silent'] });
  expect(await round('w1', servers.slice(0, 3))).toEqual([]);
  expect(await open()).toMatchObject([{ type: 'view_doubtful', scope: { kind: 'site', name: 'the network of the BMCs' } }]);
  await say({ n1: ['node_silent'] });
  expect(await round('w1', servers.slice(0, 3))).toEqual([]);
  expect(await open()).toMatchObject([{ type: 'needs_person', facts: { because: 'bmc_silent' } }]);
  await setPolicy({ domainFailures: 3, clusterUnhealthyPercent: 40 });
});

test('all behind one rack: one incident, nothing begun, closed when they are back', async () => {
  await setPolicy({ settleSeconds: 60, domainWindowSeconds: 60 });
  await say(Object.fromEntries(NODES.map((name) => [name, ['node_silent' as const]])));
  expect(await round('w1')).toEqual([]);
  expect(await round('w1')).toEqual([]);
  expect(await open()).toMatchObject([
    {
      type: 'domain_incident',
      scope: { kind: 'rack', name: 'R1' },
      facts: { unhealthy: 6, behind: 6, switches: 'tor-1', feeds: 'A, B' },
    },
  ]);
  await say({});
  await round('w1');
  expect(await open()).toEqual([]);
  expect((await healthOf(0)).decision).toBeNull();
});

test('the policy: read, changed with its version, refused when it contradicts itself', async () => {
  const policy = await call('GET', '/v1/health-policy');
  expect(policy.body).toMatchObject({ kind: 'health_policy', powerCyclesPerDay: 3, paused: false });
  const etag = policy.headers.get('etag') ?? '';
  const contradiction = await call('PATCH', '/v1/health-policy', { domainWindowSeconds: 900 }, { 'if-match': etag });
  expect(contradiction).toMatchObject({ status: 400, body: { code: 'health_policy_contradiction' } });
  expect((await call('PATCH', '/v1/health-policy', { paused: true }, { 'if-match': etag })).body.paused).toBe(true);
  expect((await call('PATCH', '/v1/health-policy', { paused: false }, { 'if-match': etag })).body.code).toBe(
    'precondition_failed',
  );
  expect((await call('PATCH', '/v1/health-policy', { atOncePerRack: 0 }, { 'if-match': '*' })).status).toBe(400);
  await say({ n1: ['kernel_deadlock'] });
  expect(await round('w1')).toEqual([]);
  expect((await healthOf(0)).decision).toMatchObject({ because: 'remediation_paused' });
});

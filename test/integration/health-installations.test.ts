// Installations that fail, as the workflows themselves say it: the health controller hears why, and to whom the server goes.
import type { SignalName } from '@rackwright/domain/health/signals.ts';
import type { Rung } from '@rackwright/domain/health/ladder.ts';
import type { ClusterId, OperationId, ServerId } from '@rackwright/domain/ids.ts';
import { actOnDecisions } from '@rackwright/store/health/act-on-decisions.ts';
import { noteSights } from '@rackwright/store/health/cluster-sights.ts';
import { leadHealth } from '@rackwright/store/health/health-policy.ts';
import { readHealthView } from '@rackwright/store/health/read-health-view.ts';
import { newId } from '@rackwright/store/new-id.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import { inspectionWith, type Stock, stockInventory } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import { exampleInspection, exampleServer, IMAGE, simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import { bmcSights } from '@rackwright/worker-app/health/bmc-sights.ts';
import { healthRound } from '@rackwright/worker-app/health/health-round.ts';
import type { Ports, Task } from '@rackwright/workflows/ports.ts';
import { WORKFLOWS } from '@rackwright/workflows/workflows.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Json, useApi } from './api-server.ts';

const api = useApi();
const { call } = api;
const NODE = 'r1-u01';
let stock: Stock;
let clusterId: ClusterId;

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
  const policy = { settleSeconds: 0, domainWindowSeconds: 0, cooldownSeconds: 0 };
  expect((await call('PATCH', '/v1/health-policy', policy, { 'if-match': '*' })).status).toBe(200);
});
beforeEach(() => noteSights(api.database, 'w1', [{ clusterId, sees: true, why: '' }]));

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function round(): Promise<void> {
  await healthRound({
    store: {
      lead: (forMs) => leadHealth(api.database, 'w1', forMs),
      view: () => readHealthView(api.database),
      act: (acts) => actOnDecisions(api.database, 'w1', acts),
    },
    bmcs: bmcSights({ now: () => Date.now(), power: () => Promise.resolve(), log }),
    wakeUp: () => Promise.resolve(),
    log,
  });
}

type Installation = 'provision-server' | 'reimage-server';
type Trouble = { boots?: 'never'; around?: (ports: Ports) => Partial<Ports> };

/** The workflow as it is, on a machine that has this trouble: how it ends, and what that means for the server. */
async function ending(workflow: Installation, { boots, around = () => ({}) }: Trouble) {
  const assignment = {
    clusterId: 'cls_1',
    nodeName: NODE,
    imageDigest: IMAGE,
    rootDiskSerial: 'SSD-1',
    nodeUid: 'uid-1',
  } as const;
  const again = workflow === 'reimage-server';
  const sim = simulatedWorld({
    server: { ...exampleServer(), hardware: exampleInspection(), assignment: again ? assignment : null },
    ...(again ? { power: 'on', disks: { 'SSD-1': IMAGE, 'HDD-1': 'foreign' } } : {}),
    ...(boots ? { boots } : {}),
  });
  const { run, failsBy } = WORKFLOWS[workflow];
  const params = again ? {} : { imageDigest: IMAGE, clusterId: 'cls_1' };
  const ports = { ...sim.ports, ...around(sim.ports) };
  const { outcome, log } = await drive(run as Workflow<Ports, Task<object>>, { world: sim.world, ports }, params);
  if (outcome.kind !== 'failed') throw new Error(`${workflow} ended as ${outcome.kind}`);
  return { error: outcome.error, event: failsBy(log.steps()) };
}

async function claimed(operationId: OperationId) {
  const runs = postgresRunStore(api.database);
  const run = await runs.claim(operationId, 'w1', 60_000);
  if (typeof run === 'string') throw new Error(run);
  return { runs, run };
}

async function begun(workflow: Installation): Promise<{ id: ServerId; operationId: OperationId }> {
  const id = await stock.addServerIn(workflow === 'provision-server' ? 'available' : 'in_service');
  await postgresServers(api.database).acceptHardware(id, inspectionWith([`SSD-${id}`]), newId('operation'));
  await api.sql(
    `insert into allocations (server_id, cluster_id, node_name, image_digest, root_disk_serial, operation_id)
     values ($1, $2, $1, $3, $4, 'op_0')`,
    [id, clusterId, IMAGE, `SSD-${id}`],
  );
  const event = workflow === 'provision-server' ? 'provision' : 'reimage';
  return { id, operationId: await stock.begin(id, event, { imageDigest: IMAGE, clusterId }) };
}

const decisionOn = async (id: ServerId): Promise<Json> => (await call('GET', `/v1/servers/${id}/health`)).body.decision;
const incidentOf = async (id: ServerId): Promise<Json> =>
  (await call('GET', '/v1/incidents?limit=500')).body.items.find((one: Json) => one.scope.id === id);

/** There is a Node, and nothing that runs behind it is ever Ready. */
const neverReady = (ports: Ports): Partial<Ports> => ({
  connectCluster: async (id) => {
    const cluster = await ports.connectCluster(id);
    const node: typeof cluster.node = async (name) => {
      const seen = await cluster.node(name);
      return seen && { ...seen, ready: false, readyReason: 'KubeletNotReady' };
    };
    return { ...cluster, node };
  },
});
const noReport = ({ bootTickets }: Ports): Partial<Ports> => ({
  bootTickets: { ...bootTickets, inspection: async () => undefined },
});

const TROUBLES: [string, Installation, Trouble, SignalName, Rung][] = [
  ['a system that never appears', 'provision-server', { boots: 'never' }, 'boot_failed', 'reimage'],
  ['a node that is never Ready', 'provision-server', { around: neverReady }, 'join_failed', 'reimage'],
  ['an agent that never reports', 'reimage-server', { around: noReport }, 'agent_silent', 'person'],
];

test.each(TROUBLES)('%s (%s): named, handed on, forgotten when it serves', async (_, workflow, trouble, signal, rung) => {
  const { id, operationId } = await begun(workflow);
  const { error, event } = await ending(workflow, trouble);
  const first = await claimed(operationId);
  await first.runs.fail(first.run, error, event);
  expect((await call('GET', `/v1/servers/${id}`)).body.state).toBe('provisioning_failed');
  const seen = (await readHealthView(api.database))?.servers.find((server) => server.id === id);
  expect(seen?.signals.map((one) => one.signal)).toEqual([signal]);

  await round();
  expect(await decisionOn(id)).toMatchObject({ do: 'escalate', rung, because: 'installation_failed', facts: { signal } });
  expect(await incidentOf(id)).toMatchObject({ type: 'needs_person', facts: { because: 'installation_failed', signal } });

  const retried = await claimed(await stock.begin(id, 'provision', { imageDigest: IMAGE, clusterId }));
  await retried.runs.finish(retried.run);
  await round();
  expect(await decisionOn(id)).toBeNull();
  expect(await incidentOf(id)).toBeUndefined();
});

// A plan of a release against a real API server: it names the pod and the budget that would hold the drain, and what the quorum bears.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fresh, openContractWorld, type ContractWorld } from '@rackwright/testkit/kubernetes/contract/contract-cluster.ts';
import {
  HOW_TO_GET_KUBERNETES,
  findKubernetesProgram,
  hasRealControlPlane,
} from '@rackwright/testkit/kubernetes/find-program.ts';
import { type RealControlPlane, startRealControlPlane } from '@rackwright/testkit/kubernetes/real-control-plane.ts';
import { inspectionWith } from '@rackwright/testkit/postgres/stocked-inventory.ts';
import { leaveOut } from '@rackwright/testkit/tools.ts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Json, useApi } from '../../integration/api-server.ts';
import { addServers, furnishAnother } from '../../integration/bulk-world.ts';
import { startKubelet } from './start-kubelet.ts';

// Without the disruption controller nobody counts budgets.
const present = hasRealControlPlane() && findKubernetesProgram('kube-controller-manager') !== undefined;
if (!present) leaveOut('plans against a real API server', HOW_TO_GET_KUBERNETES);
const SOON = { timeout: 30_000, interval: 300 };

describe.runIf(present)('a real API server', () => {
  const api = useApi();
  const { call } = api;
  let dir = '';
  let controlPlane: RealControlPlane | undefined;
  let world: ContractWorld | undefined;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rackwright-plan-'));
    controlPlane = await startRealControlPlane({ dir, nodeGraceSeconds: 600 });
    const { url, caPem, adminToken } = controlPlane;
    const endpoint = { server: url, caData: caPem, credentials: { kind: 'token', token: adminToken } } as const;
    world = openContractWorld({ endpoint, startKubelet, nodeGraceMs: 600_000 });
  });
  afterAll(async () => {
    await world?.close();
    await controlPlane?.close();
    await rm(dir, { recursive: true, force: true });
  });

  test('a plan of a release names pod and budget, the quorum, and nothing is evicted', async () => {
    const { hand } = world!;
    const { url, caPem, kubeconfig } = controlPlane!;
    const clusterId = await clusterOnFile(url, caPem, kubeconfig);
    const [namespace, names] = [fresh('shop'), [fresh('n'), fresh('n'), fresh('n')]];
    const [first = '', second = '', third = ''] = names;
    const servers = await serving(clusterId, names);
    await hand.namespace(namespace);
    // The third is no control plane.
    const role = { 'node-role.kubernetes.io/control-plane': '' };
    for (const name of names) {
      await hand.node(name, name === third ? {} : role);
      await hand.patch(`/api/v1/nodes/${name}/status`, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
      await untaint(name);
    }
    await hand.pod(namespace, { name: 'db-0', node: first, labels: { app: 'db' } });
    await hand.pod(namespace, { name: 'web', node: first });
    await hand.post(`/apis/policy/v1beta1/namespaces/${namespace}/poddisruptionbudgets`, {
      apiVersion: 'policy/v1beta1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'db-budget' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'db' } } },
    });

    const plan = async (ids: string[]): Promise<{ made: Json; items: Json[] }> => {
      const made = (await call('POST', '/v1/plans', { operation: { type: 'release' }, servers: { ids } })).body;
      return { made, items: (await call('GET', `/v1/plans/${made.id}/items`)).body.items };
    };
    await vi.waitFor(async () => {
      const { items } = await plan([servers[0]!]);
      expect(items[0].hazards).toMatchObject([{ code: 'eviction_blocked' }]);
      expect(items[0].drain).toMatchObject({
        outlook: 'seen',
        policy: 'wait',
        evicted: 2,
        blocked: 1,
        blockers: [
          {
            pod: `${namespace}/db-0`,
            budgets: [`${namespace}/db-budget`],
            heldBy: 'disruption budget db-budget needs 1 healthy pods and has 1',
          },
        ],
      });
    }, SOON);

    // Of two control planes both are needed; the worker may go.
    const { made, items } = await plan(servers);
    expect(made).toMatchObject({ total: 3, runs: 1, blocked: [{ code: 'quorum_at_risk', servers: 2 }] });
    expect(items.find(({ serverId }) => serverId === servers[0])).toMatchObject({
      runs: false,
      quorum: { before: { members: 2, ready: 2, needed: 2, holds: true }, after: { ready: 1, holds: false } },
    });
    expect(items.find(({ serverId }) => serverId === servers[2])).toMatchObject({ runs: true, quorum: null });
    for (const pod of ['db-0', 'web']) expect(await hand.find(`/api/v1/namespaces/${namespace}/pods/${pod}`)).toBeDefined();

    // A node that goes between plan and execution makes the plan stale.
    const { uid } = (await hand.find(`/api/v1/nodes/${second}`))!.metadata;
    await world!.api.deleteNode(second, uid);
    const stale = await call('POST', `/v1/plans/${made.id}/executions`, {});
    expect(stale).toMatchObject({
      status: 409,
      body: { code: 'plan_stale', errors: [{ pointer: '/sights/real', code: 'cluster_changed' }] },
    });
    expect(stale.body.errors[0].message).toContain(`control plane ready ${second}`);
  });

  /** The node lifecycle controller taints young nodes, and takes the taint off when it has seen them Ready. */
  async function untaint(name: string): Promise<void> {
    await vi.waitFor(async () => {
      const node = await world!.api.node(name);
      await world!.api.removeNodeTaints(name, node?.taints ?? []);
      expect((await world!.api.node(name))?.taints).toEqual([]);
    }, SOON);
  }

  async function clusterOnFile(apiEndpoint: string, ca: string, credentials: string): Promise<string> {
    const { body } = await call('POST', '/v1/clusters', {
      name: 'real',
      apiEndpoint,
      ca,
      kubernetesVersion: '1.20.2',
      credentials,
    });
    return body.id;
  }

  async function serving(clusterId: string, names: readonly string[]): Promise<string[]> {
    const ids = await addServers(call, await furnishAnother(call), { count: names.length, prefix: 'REAL' });
    const counted = JSON.stringify(inspectionWith(['DISK-A']));
    await api.sql(`update servers set state = 'in_service' where id = any($1)`, [ids]);
    await api.sql(
      `insert into accepted_hardware (server_id, inspection, operation_id) select unnest($1::text[]), $2, 'op_test'`,
      [ids, counted],
    );
    await api.sql(
      `insert into allocations (server_id, cluster_id, node_name, image_digest, root_disk_serial, node_uid, operation_id)
       select s.id, $2, s.node, 'd', 'DISK-A', s.node, 'op_test' from unnest($1::text[], $3::text[]) as s(id, node)`,
      [ids, clusterId, names],
    );
    return ids;
  }
});

if (!present) test.skip(`real API server (needs ${HOW_TO_GET_KUBERNETES})`, () => undefined);

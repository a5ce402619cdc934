// What the network does to us: lost connections, forgotten versions, many pages, servers that are not there or not ready.
import { createServer } from 'node:net';
import { once } from 'node:events';
import { confirmedByPerson } from '@rackwright/domain/fence.ts';
import type { ClusterApi, ClusterEndpoint, NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import { clusterAccess } from '@rackwright/kubernetes/cluster-access.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { openConnection } from '@rackwright/kubernetes/http/connection.ts';
import {
  type SimulatedKubernetes,
  startSimulatedKubernetes,
} from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const SOON = { timeout: 45_000, interval: 50 };
let kubernetes: SimulatedKubernetes;
let endpoint: ClusterEndpoint;
let api: ClusterApi;

beforeEach(async () => {
  kubernetes = await startSimulatedKubernetes();
  endpoint = { server: kubernetes.url, credentials: { kind: 'token', token: kubernetes.adminToken } };
  api = connectCluster(endpoint);
});
afterEach(async () => {
  await api.close();
  await kubernetes.close();
});

async function makeNodes(count: number): Promise<void> {
  const connection = openConnection(endpoint);
  for (let i = 0; i < count; i++) await makeNode(connection, `n${i}`);
  await connection.close();
}

async function makeNode(connection: ReturnType<typeof openConnection>, name: string): Promise<void> {
  await connection.call({ method: 'POST', path: '/api/v1/nodes', body: { metadata: { name } }, doing: 'make a node' });
}

test('more nodes than a page holds are all there, once each', async () => {
  await makeNodes(1_101);
  const names = (await api.nodes()).map(({ name }) => name);
  expect(new Set(names).size).toBe(1_101);
  expect(names).toHaveLength(1_101);
});

describe('a watch', () => {
  test('goes on after its connection was cut, and misses nothing', async () => {
    const seen: NodeChange[] = [];
    const stop = api.watchNodes((change) => void seen.push(change));
    await vi.waitFor(() => expect(seen).toHaveLength(1), SOON);
    kubernetes.cutConnections();
    await makeNodes(3);
    const changed = () => seen.flatMap((change) => (change.kind === 'changed' ? [change.node.name] : []));
    await vi.waitFor(() => expect(changed()).toEqual(['n0', 'n1', 'n2']), SOON);
    expect(seen.filter(({ kind }) => kind === 'listed')).toHaveLength(1);
    stop();
  });

  test('lists again when the server is another one that never knew its version', async () => {
    const { port } = new URL(kubernetes.url);
    await makeNodes(2);
    const seen: NodeChange[] = [];
    const stop = api.watchNodes((change) => void seen.push(change));
    await vi.waitFor(() => expect(seen).toHaveLength(1), SOON);
    await kubernetes.close();
    await vi.waitFor(() => expect(seen.at(-1)?.kind).toBe('lost'), SOON);
    kubernetes = await startSimulatedKubernetes({ port: Number(port), adminToken: kubernetes.adminToken });
    await vi.waitFor(() => expect(seen.at(-1)).toEqual({ kind: 'listed', nodes: [] }), SOON);
    stop();
  });

  test('waits for a slow listener instead of filling the memory', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const seen: string[] = [];
    const stop = api.watchNodes(async (change) => {
      seen.push(change.kind);
      await held;
    });
    await vi.waitFor(() => expect(seen).toEqual(['listed']), SOON);
    await makeNodes(20);
    expect(seen).toEqual(['listed']);
    release();
    await vi.waitFor(() => expect(seen).toHaveLength(21), SOON);
    stop();
  });
});

test('not ready is an answer that names the failing check', async () => {
  kubernetes.setReady(false);
  expect(await api.health()).toMatchObject({ ready: false, failing: ['etcd'] });
});

describe('faults', () => {
  test('nobody listens: unreachable, later; after a write it may have happened', async () => {
    await kubernetes.close();
    await expect(api.nodes()).rejects.toMatchObject({ code: 'kubernetes_unreachable', retry: 'later', effect: 'none' });
    await expect(api.deleteBootstrapToken('abcdef')).rejects.toMatchObject({ code: 'kubernetes_unreachable', effect: 'maybe' });
  });

  test('somebody listens and says nothing: the deadline ends it', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const connection = openConnection({ ...endpoint, server: `http://127.0.0.1:${port}` });
    const call = connection.call({ method: 'GET', path: '/version', doing: 'ask for the version', deadlineMs: 200 });
    await expect(call).rejects.toMatchObject({ code: 'kubernetes_unreachable', doing: 'ask for the version' });
    await connection.close();
    silent.close();
  });

  test('a token without rights is forbidden, a wrong one unauthorized, and neither stands in the error', async () => {
    const secret = 'not-the-token';
    const stranger = connectCluster({ ...endpoint, credentials: { kind: 'token', token: secret } });
    const error: unknown = await stranger.nodes().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'kubernetes_unauthorized', retry: 'never' });
    expect(JSON.stringify(error) + String(error)).not.toContain(secret);
    await stranger.close();
    const nobody = connectCluster({ ...endpoint, credentials: { kind: 'none' } });
    await expect(nobody.nodes()).rejects.toMatchObject({ code: 'kubernetes_forbidden', retry: 'never' });
    await nobody.close();
  });
});

test('as the workflows see it: evicted pods still count as there, the node says why it is not ready, and goes by its uid', async () => {
  const access = clusterAccess(api, { localStorage: 'evict', unmanaged: 'evict' });
  await makeNodes(1);
  const connection = openConnection(endpoint);
  const spec = { nodeName: 'n0', terminationGracePeriodSeconds: 0 };
  const body = { metadata: { name: 'p' }, spec };
  await connection.call({ method: 'POST', path: '/api/v1/namespaces/default/pods', body, doing: 'make a pod' });
  await connection.close();
  expect(await access.drain('n0')).toEqual({
    remaining: [{ namespace: 'default', name: 'p', uid: expect.any(String), since: null }],
  });
  expect(await access.drain('n0')).toEqual({ remaining: [] });
  expect(await access.node('n0')).toMatchObject({ ready: false, readyReason: 'the kubelet has not reported yet' });
  const uid = (await access.node('n0'))!.uid;
  await access.deleteNode('n0', uid, confirmedByPerson('tester', 'cords pulled', '2026-01-01T00:00:00Z')!);
  expect(await access.node('n0')).toBeUndefined();
});

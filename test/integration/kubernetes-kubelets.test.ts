// Simulated kubelets over their life: a crowd joins, power goes and comes back, tokens fail, disks are erased.
import type { ClusterApi } from '@rackwright/kubernetes/cluster-api.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { openSockets } from '@rackwright/kubernetes/http/connection.ts';
import { makeKubeletKeys } from '@rackwright/virtual-rack-app/kubernetes-api/certificate-requests.ts';
import { type SimulatedKubelet, simulatedKubelet } from '@rackwright/virtual-rack-app/kubernetes-api/simulated-kubelet.ts';
import {
  type SimulatedKubernetes,
  startSimulatedKubernetes,
} from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const SOON = { timeout: 30_000, interval: 100 };
const SECRET = 'abcdef0123456789';
let kubernetes: SimulatedKubernetes;
let api: ClusterApi;
let running: SimulatedKubelet[] = [];

async function openCluster(nodeGraceMs: number): Promise<void> {
  kubernetes = await startSimulatedKubernetes({ nodeGraceMs, sweepEveryMs: 100 });
  api = connectCluster({ server: kubernetes.url, credentials: { kind: 'token', token: kubernetes.adminToken } });
  await api.ensureBootstrapRbac();
}
beforeEach(() => openCluster(2_000));
afterEach(closeCluster);

async function closeCluster(): Promise<void> {
  await Promise.all(running.map((kubelet) => kubelet.stop()));
  running = [];
  await api.close();
  await kubernetes.close();
}

type Extra = Partial<Parameters<typeof simulatedKubelet>[0]>;

function powerOn(nodeName: string, extra: Extra): SimulatedKubelet {
  const addresses = [{ type: 'InternalIP', address: '10.0.0.1' } as const];
  const kubelet = simulatedKubelet({ url: kubernetes.url, nodeName, addresses, heartbeatMs: 300, retryMs: 50, ...extra });
  running.push(kubelet);
  return kubelet;
}

async function giveToken(id: string, nodeName: string): Promise<string> {
  await api.createBootstrapToken({ id, secret: SECRET, serverId: nodeName, nodeName, expiresAt: new Date(Date.now() + 600_000) });
  return `${id}.${SECRET}`;
}

const untilReady = (name: string) => vi.waitFor(async () => expect(await api.node(name)).toMatchObject({ ready: true }), SOON);

test('a hundred servers join together and get their serving certificates', async () => {
  await closeCluster();
  await openCluster(40_000);
  const names = Array.from({ length: 100 }, (_, i) => `n${i}`);
  const sockets = openSockets({ server: kubernetes.url, credentials: { kind: 'none' } });
  const keys = await makeKubeletKeys();
  for (const [i, name] of names.entries()) {
    const bootstrapToken = await giveToken(String(100_000 + i), name);
    powerOn(name, { bootstrapToken, sockets, keys, heartbeatMs: 1_000 });
  }
  await vi.waitFor(async () => expect((await api.nodes()).filter(({ ready }) => ready)).toHaveLength(100), SOON);
  const expected = names.map((nodeName) => ({ nodeName, dnsNames: [], ipAddresses: ['10.0.0.1'] }));
  const approved = new Set<string>();
  await vi.waitFor(async () => {
    for (const name of (await api.approveServingCsrs(expected)).approved) approved.add(name);
    expect(approved.size).toBe(100);
  }, SOON);
  await vi.waitFor(() => expect(running.every(({ disk }) => disk.servingCertificate)).toBe(true), SOON);
  await Promise.all(running.map((kubelet) => kubelet.stop()));
  await Promise.all([sockets.calls.destroy(), sockets.watches.destroy()]);
});

test('a kubelet that was given up while its machine stood still is ready again', async () => {
  powerOn('n1', { bootstrapToken: await giveToken('aaaaaa', 'n1') });
  await untilReady('n1');
  const readiness: boolean[] = [];
  const stop = api.watchNodes((change) => {
    if (change.kind === 'changed') readiness.push(change.node.ready);
    if (change.kind === 'listed') readiness.push(...change.nodes.map(({ ready }) => ready));
  });
  await vi.waitFor(() => expect(readiness).toEqual([true]), SOON);
  const standstill = Date.now() + 2_500;
  while (Date.now() < standstill); // nothing in this process moves, kubelet and controller alike
  await vi.waitFor(() => expect([readiness.includes(false), readiness.at(-1)]).toEqual([true, true]), SOON);
  stop();
});

test('power off and on: unreachable and tainted, then ready without a token from what is on the disk', async () => {
  const kubelet = powerOn('n1', { bootstrapToken: await giveToken('aaaaaa', 'n1') });
  await untilReady('n1');
  const { uid } = (await api.node('n1'))!;
  await api.deleteBootstrapToken('aaaaaa');
  await kubelet.stop();
  const taints = expect.arrayContaining([{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]);
  await vi.waitFor(async () => expect(await api.node('n1')).toMatchObject({ ready: false, taints }), SOON);
  powerOn('n1', { disk: kubelet.disk });
  await vi.waitFor(async () => expect(await api.node('n1')).toMatchObject({ ready: true, taints: [], uid }), SOON);
});

test('an erased disk and a token that is gone: it cannot come back', async () => {
  const kubelet = powerOn('n1', { bootstrapToken: await giveToken('aaaaaa', 'n1') });
  await untilReady('n1');
  await kubelet.stop();
  await api.revokeAccess({ serverId: 'n1', nodeName: 'n1' });
  await api.deleteNode('n1', (await api.node('n1'))!.uid);
  const troubles: unknown[] = [];
  powerOn('n1', { bootstrapToken: `aaaaaa.${SECRET}`, disk: {}, onTrouble: (cause) => void troubles.push(cause) });
  await vi.waitFor(() => expect(troubles.length).toBeGreaterThan(2), SOON);
  expect(troubles[0]).toMatchObject({ code: 'kubernetes_unauthorized' });
  expect(await api.node('n1')).toBeUndefined();
});

test('without the bindings a token authenticates and may ask for nothing', async () => {
  const bare = await startSimulatedKubernetes();
  const admin = connectCluster({ server: bare.url, credentials: { kind: 'token', token: bare.adminToken } });
  const expiresAt = new Date(Date.now() + 600_000);
  await admin.createBootstrapToken({ id: 'bbbbbb', secret: SECRET, serverId: 'n1', nodeName: 'n1', expiresAt });
  const troubles: unknown[] = [];
  const bootstrapToken = `bbbbbb.${SECRET}`;
  powerOn('n1', { url: bare.url, bootstrapToken, onTrouble: (cause) => void troubles.push(cause) });
  await vi.waitFor(() => expect(troubles[0]).toMatchObject({ code: 'kubernetes_forbidden' }), SOON);
  await admin.ensureBootstrapRbac();
  await vi.waitFor(async () => expect(await admin.node('n1')).toMatchObject({ ready: true }), SOON);
  await admin.close();
  await bare.close();
});

test('the server stops and starts empty: kubelets go on asking and say what is wrong', async () => {
  const troubles: unknown[] = [];
  powerOn('n1', { bootstrapToken: await giveToken('aaaaaa', 'n1'), onTrouble: (cause) => void troubles.push(cause) });
  await untilReady('n1');
  await kubernetes.close();
  await vi.waitFor(() => expect(troubles[0]).toMatchObject({ code: 'kubernetes_unreachable' }), SOON);
});

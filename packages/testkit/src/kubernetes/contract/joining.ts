// The contract of ClusterApi, first part: a server gets in by its token, is known by its certificates, and is shut out again.
import type { BootstrapToken, ClusterApi } from '@rackwright/kubernetes/cluster-api.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { expect, test, vi } from 'vitest';
import { type ContractWorld, fresh } from './contract-cluster.ts';

const SOON = { timeout: 20_000, interval: 200 };
const HOUR_MS = 3_600_000;

function tokenFor(serverId: string, change: Partial<BootstrapToken> = {}): BootstrapToken {
  const id = fresh('').slice(1, 7);
  return { id, secret: 'abcdef0123456789', serverId, nodeName: serverId, expiresAt: new Date(Date.now() + HOUR_MS), ...change };
}

export function contractOfJoining(world: () => ContractWorld): void {
  /** What an API call with this token gives: a code, since a token may list no nodes even when it is good. */
  async function codeWith(token: BootstrapToken): Promise<unknown> {
    const credentials = { kind: 'token', token: `${token.id}.${token.secret}` } as const;
    const api = connectCluster({ ...world().endpoint, credentials });
    const code = await api.nodes().catch((cause: { code?: unknown }) => cause.code);
    await api.close();
    return code;
  }
  const untilKnown = (token: BootstrapToken) =>
    vi.waitFor(async () => expect(await codeWith(token)).toBe('kubernetes_forbidden'), SOON);
  const untilUnknown = (token: BootstrapToken) =>
    vi.waitFor(async () => expect(await codeWith(token)).toBe('kubernetes_unauthorized'), SOON);

  function startKubelet(token: BootstrapToken, ipAddress: string) {
    const { endpoint, kubelets } = world();
    const bootstrapToken = `${token.id}.${token.secret}`;
    const providerID = `rackwright://${token.serverId}`;
    const kubelet = world().startKubelet({ endpoint, bootstrapToken, nodeName: token.nodeName, ipAddress, providerID });
    kubelets.push(kubelet);
    return kubelet;
  }

  test('the API server is ready and says its version', async () => {
    expect(await world().api.health()).toMatchObject({ ready: true, version: expect.stringMatching(/^v1\.\d+\./), failing: [] });
  });

  test('a token nobody gave out is not known', async () => {
    expect(await codeWith(tokenFor(fresh('s')))).toBe('kubernetes_unauthorized');
  });

  test('a bootstrap token authenticates, twice made is one, and deleted it is worth nothing', async () => {
    const { api } = world();
    const token = tokenFor(fresh('s'));
    await api.createBootstrapToken(token);
    await api.createBootstrapToken(token);
    await untilKnown(token);
    expect(await codeWith({ ...token, secret: '0000000000000000' })).toBe('kubernetes_unauthorized');
    await api.deleteBootstrapToken(token.id);
    await api.deleteBootstrapToken(token.id);
    await untilUnknown(token);
  });

  test('an expired token is refused until it is extended', async () => {
    const { api } = world();
    const token = tokenFor(fresh('s'), { expiresAt: new Date(Date.now() + 3_000) });
    await api.createBootstrapToken(token);
    await api.extendBootstrapToken(token.id, new Date(Date.now() + HOUR_MS));
    const short = tokenFor(fresh('s'), { expiresAt: new Date(Date.now() + 3_000) });
    await api.createBootstrapToken(short);
    await untilUnknown(short);
    await untilKnown(token);
    await api.deleteBootstrapToken(short.id);
    await expect(api.extendBootstrapToken(short.id, new Date())).rejects.toMatchObject({ code: 'bootstrap_token_gone' });
  });

  test('a server has one token: the next one ends the one before', async () => {
    const { api } = world();
    const serverId = fresh('s');
    const [first, second] = [tokenFor(serverId), tokenFor(serverId)];
    await api.createBootstrapToken(first);
    await untilKnown(first);
    await api.createBootstrapToken(second);
    await untilUnknown(first);
    await untilKnown(second);
  });

  test("another server's token id is refused", async () => {
    const { api } = world();
    const token = tokenFor(fresh('s'));
    await api.createBootstrapToken(token);
    const thief = { ...token, serverId: fresh('s') };
    await expect(api.createBootstrapToken(thief)).rejects.toMatchObject({ code: 'bootstrap_token_taken' });
  });

  test('a binding that lost its group gets it back', async () => {
    const { api, hand } = world();
    await api.ensureBootstrapRbac();
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kubeadm:kubelet-bootstrap';
    await hand.patch(path, { subjects: [] });
    await api.ensureBootstrapRbac();
    await api.ensureBootstrapRbac();
    const subjects = [expect.objectContaining({ name: 'system:bootstrappers:kubeadm:default-node-token' })];
    expect(await hand.find(path)).toMatchObject({ subjects });
  });

  test('a kubelet joins by its token, is Ready, and serves once the inventory vouches for its addresses', async () => {
    const { api } = world();
    await api.ensureBootstrapRbac();
    const token = tokenFor(fresh('joins'));
    await api.createBootstrapToken(token);
    const kubelet = startKubelet(token, '10.77.0.1');
    const providerID = `rackwright://${token.serverId}`;
    await vi.waitFor(async () => expect(await api.node(token.nodeName)).toMatchObject({ ready: true, providerID }), SOON);
    const addresses = expect.arrayContaining([{ type: 'InternalIP', address: '10.77.0.1' }]);
    expect(await api.node(token.nodeName)).toMatchObject({ addresses, unschedulable: false, cordonedBy: undefined });

    // The inventory knows the server under another address: this may be somebody else with its key.
    const wrong = [{ nodeName: token.nodeName, dnsNames: [], ipAddresses: ['10.77.0.99'] }];
    const reason = `address 10.77.0.1 is not of node ${token.nodeName}`;
    await vi.waitFor(async () => expect(await refusalsOf(api, token.nodeName, wrong)).toEqual([reason]), SOON);
    expect(kubelet.hasServingCertificate()).toBe(false);

    const right = [{ nodeName: token.nodeName, dnsNames: [], ipAddresses: ['10.77.0.1'] }];
    expect((await api.approveServingCsrs(right)).approved).toHaveLength(1);
    expect((await api.approveServingCsrs(right)).approved).toEqual([]);
    await vi.waitFor(() => expect(kubelet.hasServingCertificate()).toBe(true), SOON);
  });

  test('access taken back: the token and the waiting requests are gone', async () => {
    const { api } = world();
    await api.ensureBootstrapRbac();
    const token = tokenFor(fresh('revoked'));
    await api.createBootstrapToken(token);
    const kubelet = startKubelet(token, '10.77.0.2');
    const nowhere = [{ nodeName: token.nodeName, dnsNames: [], ipAddresses: [] }];
    await vi.waitFor(async () => expect(await refusalsOf(api, token.nodeName, nowhere)).toHaveLength(1), SOON);
    await kubelet.stop();
    await api.revokeAccess({ serverId: token.serverId, nodeName: token.nodeName });
    await api.revokeAccess({ serverId: token.serverId, nodeName: token.nodeName });
    expect(await refusalsOf(api, token.nodeName, nowhere)).toEqual([]);
    await untilUnknown(token);
  });

  test('a kubelet that falls silent leaves a node that is not ready', async () => {
    const { api, nodeGraceMs } = world();
    await api.ensureBootstrapRbac();
    const token = tokenFor(fresh('silent'));
    await api.createBootstrapToken(token);
    const kubelet = startKubelet(token, '10.77.0.3');
    await vi.waitFor(async () => expect(await api.node(token.nodeName)).toMatchObject({ ready: true }), SOON);
    await kubelet.stop();
    const unknown = {
      ready: false,
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'Unknown' })]),
    };
    const within = { timeout: nodeGraceMs + 30_000, interval: 300 };
    await vi.waitFor(async () => expect(await api.node(token.nodeName)).toMatchObject(unknown), within);
  });
}

async function refusalsOf(
  api: ClusterApi,
  node: string,
  expected: Parameters<ClusterApi['approveServingCsrs']>[0],
): Promise<string[]> {
  const { refused } = await api.approveServingCsrs(expected);
  return refused.filter(({ username }) => username === `system:node:${node}`).map(({ reason }) => reason);
}

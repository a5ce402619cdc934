// The real kubectl, knowing nothing of us, reads and drains the simulated cluster: so it is a cluster to people as well.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClusterApi } from '@rackwright/kubernetes/cluster-api.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { makeTestPki } from '@rackwright/testkit/kubernetes/cluster-pki.ts';
import { fresh } from '@rackwright/testkit/kubernetes/contract/contract-cluster.ts';
import { findKubernetesProgram, HOW_TO_GET_KUBERNETES } from '@rackwright/testkit/kubernetes/find-program.ts';
import { needThatOrSkip } from '@rackwright/testkit/tools.ts';
import {
  type SimulatedKubernetes,
  startSimulatedKubernetes,
} from '@rackwright/virtual-rack-app/kubernetes-api/start-simulated-kubernetes.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startKubelet } from './start-kubelet.ts';

const SOON = { timeout: 20_000, interval: 200 };
const kubectlPath = findKubernetesProgram('kubectl');
let dir: string;
let kubernetes: SimulatedKubernetes;
let api: ClusterApi;
let caData: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rackwright-kubectl-'));
  const pki = await makeTestPki(['127.0.0.1']);
  caData = pki.caPem;
  await writeFile(join(dir, 'ca.crt'), caData);
  // As old as the kubectl that Debian's source gives, so that both speak the same evictions.
  const dialect = { gitVersion: 'v1.20.2', eviction: 'policy/v1beta1' } as const;
  const tls = { certificate: pki.serverPem, key: pki.serverKeyPem };
  kubernetes = await startSimulatedKubernetes({ dialect, tls });
  api = connectCluster(endpoint());
  await api.ensureBootstrapRbac();
});
afterAll(async () => {
  await api.close();
  await kubernetes.close();
  await rm(dir, { recursive: true });
});

const endpoint = () =>
  ({ server: kubernetes.url, caData, credentials: { kind: 'token', token: kubernetes.adminToken } }) as const;

async function kubectl(...args: string[]): Promise<string> {
  const where = [`--server=${kubernetes.url}`, `--certificate-authority=${join(dir, 'ca.crt')}`, `--cache-dir=${dir}`];
  const { stdout } = await promisify(execFile)(kubectlPath!, [...where, `--token=${kubernetes.adminToken}`, ...args], {
    env: { HOME: dir, KUBECONFIG: '' },
    timeout: 30_000,
  });
  return stdout;
}

test('get, approve, label, taint, run, drain, uncordon, delete', async (ctx) => {
  needThatOrSkip(ctx, 'kubectl against the simulated cluster', kubectlPath !== undefined, HOW_TO_GET_KUBERNETES);
  const nodeName = fresh('n');
  const bootstrapToken = 'abcdef.0123456789abcdef';
  const [id = '', secret = ''] = bootstrapToken.split('.');
  await api.createBootstrapToken({ id, secret, nodeName, serverId: 's1', expiresAt: new Date(Date.now() + 60_000) });
  const kubelet = startKubelet({
    endpoint: endpoint(),
    bootstrapToken,
    nodeName,
    ipAddress: '10.0.0.1',
    providerID: 'rackwright://s1',
  });
  try {
    await vi.waitFor(async () => expect(await kubectl('get', 'nodes')).toMatch(new RegExp(`${nodeName} +Ready `)), SOON);

    const pending = /^(csr-\S+).*Pending$/m;
    await vi.waitFor(async () => expect(await kubectl('get', 'csr')).toMatch(pending), SOON);
    await kubectl('certificate', 'approve', pending.exec(await kubectl('get', 'csr'))?.[1] ?? '');
    await vi.waitFor(() => expect(kubelet.hasServingCertificate()).toBe(true), SOON);

    await kubectl('label', 'node', nodeName, 'rack=a1');
    await kubectl('taint', 'node', nodeName, 'burn-in=yes:NoSchedule');
    const taints = [{ key: 'burn-in', value: 'yes', effect: 'NoSchedule' }];
    expect(await api.node(nodeName)).toMatchObject({ labels: { rack: 'a1' }, taints });

    const overrides = JSON.stringify({ spec: { nodeName } });
    await kubectl('run', 'web', '--image=none', `--overrides=${overrides}`);
    await vi.waitFor(async () => expect(await kubectl('get', 'pods')).toMatch(/web +Running/), SOON);
    expect(await kubectl('drain', nodeName, '--force', '--timeout=20s')).toContain('pod/web evicted');
    expect(await kubectl('get', 'node', nodeName)).toContain('Ready,SchedulingDisabled');
    await kubectl('uncordon', nodeName);
    expect(await api.node(nodeName)).toMatchObject({ unschedulable: false });
    await kubectl('delete', 'node', nodeName);
    expect(await api.node(nodeName)).toBeUndefined();
  } finally {
    await kubelet.stop();
  }
});

// A real kubelet shows our bootstrap token to a real API server and gets its client certificate. It needs no container
// runtime for that, and it is ended before it would look for one; whole nodes are tried in QEMU.
import { spawn } from 'node:child_process';
import { chown, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { openConnection } from '@rackwright/kubernetes/http/connection.ts';
import { findKubernetesProgram, HOW_TO_GET_KUBERNETES } from '@rackwright/testkit/kubernetes/find-program.ts';
import { startRealControlPlane } from '@rackwright/testkit/kubernetes/real-control-plane.ts';
import { needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { expect, test, vi } from 'vitest';

const NOBODY = 65_534;
const TOKEN = { id: 'abcdef', secret: '0123456789abcdef' };

const bootstrapConfig = (url: string, caPem: string) => `apiVersion: v1
kind: Config
current-context: join
clusters: [{name: c, cluster: {server: '${url}', certificate-authority-data: ${Buffer.from(caPem).toString('base64')}}}]
users: [{name: u, user: {token: ${TOKEN.id}.${TOKEN.secret}}}]
contexts: [{name: join, context: {cluster: c, user: u}}]
`;

const kubeletConfig = (dir: string) => `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
serverTLSBootstrap: true
rotateCertificates: true
cgroupDriver: systemd
failSwapOn: false
authentication: {anonymous: {enabled: false}, x509: {clientCAFile: ${join(dir, 'ca.crt')}}}
`;

test('a real kubelet becomes a node by our token', async (ctx) => {
  const kubelet = findKubernetesProgram('kubelet');
  const present = kubelet !== undefined && findKubernetesProgram('kube-controller-manager') !== undefined;
  needThatOrSkip(ctx, 'bootstrap of a real kubelet', present, HOW_TO_GET_KUBERNETES);

  const dir = await mkdtemp(join(tmpdir(), 'rackwright-kubelet-'));
  const controlPlane = await startRealControlPlane({ dir: join(dir, 'control-plane') });
  const { url: server, caPem: caData, adminToken } = controlPlane;
  const api = connectCluster({ server, caData, credentials: { kind: 'token', token: adminToken } });
  const home = join(dir, 'kubelet');
  await mkdir(home);
  await writeFile(join(home, 'ca.crt'), caData);
  await writeFile(join(home, 'bootstrap.conf'), bootstrapConfig(server, caData));
  await writeFile(join(home, 'config.yaml'), kubeletConfig(home));
  const asRoot = process.getuid?.() === 0;
  if (asRoot) await Promise.all([chown(home, NOBODY, NOBODY), chown(dir, NOBODY, NOBODY)]);
  await copyFile(kubelet!, join(home, 'program')); // root's own folders are closed to nobody
  // As nobody it can change nothing of this machine, whatever a kubelet would set up.
  const identity = asRoot ? [`--reuid=${NOBODY}`, '--clear-groups'] : [];
  await api.ensureBootstrapRbac();
  await api.createBootstrapToken({ ...TOKEN, serverId: 's1', nodeName: 'n1', expiresAt: new Date(Date.now() + 600_000) });

  const child = spawn(
    'setpriv',
    [
      ...identity,
      '--pdeathsig=KILL',
      join(home, 'program'),
      `--bootstrap-kubeconfig=${join(home, 'bootstrap.conf')}`,
      `--kubeconfig=${join(home, 'kubeconfig')}`,
      `--config=${join(home, 'config.yaml')}`,
      `--cert-dir=${join(home, 'pki')}`,
      `--root-dir=${join(home, 'root')}`,
      '--hostname-override=n1',
      '--container-runtime=remote',
      `--container-runtime-endpoint=unix://${join(home, 'none.sock')}`,
    ],
    { stdio: 'ignore' },
  );
  try {
    const pemPath = join(home, 'pki/kubelet-client-current.pem');
    const pem = await vi.waitFor(() => readFile(pemPath, 'utf8'), { timeout: 30_000, interval: 100 });
    // The file holds certificate and key: with it we are that node, and may see it and nothing of the neighbours' secrets.
    const asNode = openConnection({ server, caData, credentials: { kind: 'client_certificate', certificate: pem, key: pem } });
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } };
    const created = asNode.ask({ method: 'POST', path: '/api/v1/nodes', body: node, doing: 'register' });
    expect([201, 409]).toContain(await created.then((answer) => (answer.ok ? 201 : answer.failure.status)));
    const other = asNode.call({
      method: 'POST',
      path: '/api/v1/nodes',
      body: { ...node, metadata: { name: 'n2' } },
      doing: 'pretend',
    });
    await expect(other).rejects.toMatchObject({ code: 'kubernetes_forbidden' });
    expect(await api.node('n1')).toBeDefined();
    await asNode.close();
  } finally {
    child.kill('SIGKILL');
    await api.close();
    await controlPlane.close();
    await rm(dir, { recursive: true, force: true });
  }
});

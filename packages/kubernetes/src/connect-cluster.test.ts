// What hundreds of operations ask a cluster at once is listed for all of them together.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { ClusterApi } from './cluster-api.ts';
import { connectCluster } from './connect-cluster.ts';

const ASKING = 300;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** An API server that counts what it is asked for, and answers from `lists`; everything else is unknown to it. */
async function countingCluster(lists: Record<string, object[]>): Promise<{ api: ClusterApi; asked: Map<string, number> }> {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://server').pathname;
    const call = `${request.method} ${path}`;
    asked.set(call, (asked.get(call) ?? 0) + 1);
    const items = lists[path];
    response.writeHead(items ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(items ? { items, metadata: {} } : { kind: 'Status', code: 404 }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const api = connectCluster({ server: `http://127.0.0.1:${port}`, credentials: { kind: 'token', token: 'any' } });
  closing.push(
    () => new Promise((done) => void server.close(done)),
    () => api.close(),
  );
  return { api, asked };
}

const nodeNames = Array.from({ length: ASKING }, (_, n) => `n${n}`);

test('hundreds that look at the control plane share one look and the next', async () => {
  const pods = '/api/v1/namespaces/kube-system/pods';
  const nodes = [{ metadata: { name: 'cp-1', uid: 'u' } }];
  const { api, asked } = await countingCluster({ [pods]: [], '/api/v1/nodes': nodes });
  const seen = await Promise.all(nodeNames.map(() => api.controlPlane()));
  expect(seen.every((one) => one.nodes[0]?.name === 'cp-1')).toBe(true);
  // Each look asks for two labels of the Nodes.
  expect(Object.fromEntries(asked)).toEqual({ [`GET ${pods}`]: 2, 'GET /api/v1/nodes': 4 });
});

test('hundreds that look for their volumes share the list of attachments, and each sees its own', async () => {
  const attachments = '/apis/storage.k8s.io/v1/volumeattachments';
  const items = nodeNames.map((nodeName) => ({
    metadata: { name: `at-${nodeName}`, creationTimestamp: '2026-01-02T03:04:05Z' },
    spec: { nodeName, source: { persistentVolumeName: `pv-${nodeName}` } },
  }));
  const { api, asked } = await countingCluster({ [attachments]: items, '/api/v1/pods': [] });
  const seen = await Promise.all(nodeNames.map((name) => api.attachedVolumes(name)));
  expect(seen).toEqual(nodeNames.map((name) => [{ volume: `pv-${name}`, claim: null, since: '2026-01-02T03:04:05Z' }]));
  // Each reads its Node first, so that they reach the list one after the other and some later than a list that began.
  expect(asked.get(`GET ${attachments}`)).toBeLessThan(ASKING / 4);
});

test('hundreds whose access is revoked share the list of pending requests, and each loses its own', async () => {
  const csrs = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const items = nodeNames.map((name) => ({
    metadata: { name: `csr-${name}` },
    spec: { username: `system:node:${name}`, request: '' },
  }));
  const { api, asked } = await countingCluster({ [csrs]: items, '/api/v1/namespaces/kube-system/secrets': [] });
  await Promise.all(nodeNames.map((nodeName) => api.revokeAccess({ serverId: nodeName, nodeName })));
  expect(nodeNames.map((name) => asked.get(`DELETE ${csrs}/csr-${name}`))).toEqual(nodeNames.map(() => 1));
  expect(asked.get(`GET ${csrs}`)).toBeLessThan(ASKING / 4);
});

// An API server that dies in the middle of refusing a watch: the watch goes on when it is back, and the process lives.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { expect, test } from 'vitest';

test('a refusal that is cut off half way is a reason to watch again', async () => {
  let watches = 0;
  const server = createServer((request, response) => {
    if (!request.url?.includes('watch=1')) {
      response.end(JSON.stringify({ kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items: [] }));
    } else if (++watches === 1) {
      response.writeHead(503, { 'content-length': 1_000 });
      response.write('{"kind":"Status"', () => request.socket.destroy());
    } else {
      const object = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'r01-u01', uid: 'u1', resourceVersion: '8' } };
      response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cluster = connectCluster({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { kind: 'token', token: 'of-one-test' },
  });
  try {
    const seen = await new Promise<string>((arrived) => {
      cluster.watchNodes((change) => (change.kind === 'changed' ? arrived(change.node.name) : undefined));
    });
    expect(seen).toBe('r01-u01');
    expect(watches).toBe(2);
  } finally {
    await cluster.close();
    server.closeAllConnections();
    server.close();
  }
});

// A client that left before its file was opened is no error: machines are switched off while their firmware fetches.
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Exchange } from './exchange.ts';
import { sendFile } from './send-file.ts';

test('a client that is gone when its file is sent is no error', async () => {
  const sent = Promise.withResolvers<void>();
  const server = createServer((incoming, response) => {
    response.once('close', () => {
      const exchange = { request: incoming, response } as Exchange;
      sendFile(exchange, { path: import.meta.filename }).then(sent.resolve, sent.reject);
    });
    client.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  client.on('error', () => undefined);
  client.end();
  await expect(sent.promise).resolves.toBeUndefined();
  server.close();
});

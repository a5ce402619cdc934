// A receiver of webhooks on a real port, which answers as the test says and remembers what it got, byte for byte.
import { spawnSync } from 'node:child_process';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export type Received = {
  id: string;
  timestamp: string;
  signature: string;
  body: Buffer;
  /** The parsed body. */
  message: ReturnType<typeof JSON.parse>;
  at: number;
};
/** A status, or what to do with the response; called once the whole request is here. */
export type Behaviour = (received: Received) => number | ((response: ServerResponse) => void);

export type Receiver = { url: string; received: Received[]; answer(behaviour: Behaviour): void; close(): Promise<void> };

/** @param tls  https with this certificate */
export async function startReceiver(tls?: { key: string; cert: string }): Promise<Receiver> {
  const received: Received[] = [];
  let behaviour: Behaviour = () => 204;
  const receive: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const header = (name: string): string => String(request.headers[name]);
      const one: Received = {
        id: header('webhook-id'),
        timestamp: header('webhook-timestamp'),
        signature: header('webhook-signature'),
        body,
        message: JSON.parse(body.toString('utf8')),
        at: Date.now(),
      };
      received.push(one);
      const told = behaviour(one);
      if (typeof told === 'function') told(response);
      else response.writeHead(told).end();
    });
  };
  const server = tls ? createTlsServer(tls, receive) : createServer(receive);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/hook`,
    received,
    answer: (next) => void (behaviour = next),
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A certificate for 127.0.0.1 that nobody trusts unless told. */
export function selfSigned(folder: string): { key: string; cert: string; certFile: string } {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=receiver', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = spawnSync('openssl', [...words, ...names, '-keyout', keyFile, '-out', certFile], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), certFile };
}

/** Which of the secrets fit each message, said by python3. */
export function verifyInPython(messages: readonly Received[], secrets: readonly string[]): number[][] {
  const input = messages.map(({ id, timestamp, signature, body }) => ({
    id,
    timestamp,
    signature,
    body: body.toString('base64'),
    secrets,
  }));
  const script = join(import.meta.dirname, 'webhook-verify.py');
  const { status, stdout, stderr } = spawnSync('python3', [script], { input: JSON.stringify(input), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as number[][];
}

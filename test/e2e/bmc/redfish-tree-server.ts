// Serves a captured Redfish tree as a BMC would that believes what it is told: bodies as captured, PATCH merged, resets obeyed.
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

type Json = Record<string, unknown>;

export type TreeServer = {
  url: string;
  sessions: () => number;
  requests: string[];
  /** Resets of managers that were taken: where, and what was said. */
  managerResets: { target: string; body: Json }[];
  close(): Promise<void>;
};

const SESSIONS = '/redfish/v1/SessionService/Sessions';
const POWER_AFTER: Readonly<Record<string, string>> = { On: 'On', ForceOn: 'On', ForceOff: 'Off', GracefulShutdown: 'Off' };

/** `folder` holds `redfish/v1/…/index.json`. */
export async function serveTree(folder: string): Promise<TreeServer> {
  const changed = new Map<string, Json>();
  const requests: string[] = [];
  const managerResets: TreeServer['managerResets'] = [];
  let sessions = 0;

  const read = async (path: string): Promise<Json | undefined> => {
    const known = changed.get(path);
    if (known) return known;
    const file = join(folder, normalize(decodeURIComponent(path)), 'index.json');
    return readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as Json,
      () => undefined,
    );
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').replace(/\/$/, '');
    const body = await bodyOf(request);
    requests.push(`${request.method} ${path}`);
    if (request.method === 'POST' && path === SESSIONS) {
      sessions += 1;
      response.writeHead(201, { 'x-auth-token': 'token', location: `${SESSIONS}/${sessions}` }).end('{}');
    } else if (request.method === 'DELETE') {
      sessions -= 1;
      response.writeHead(204).end();
    } else if (request.method === 'POST' && path.endsWith('/ComputerSystem.Reset')) {
      const system = path.replace(/\/Actions\/.*/, '');
      changed.set(system, { ...(await read(system)), PowerState: POWER_AFTER[String(body['ResetType'])] });
      response.writeHead(204).end();
    } else if (request.method === 'POST' && path.endsWith('/Manager.Reset')) {
      // Only where the vendor's own document says that it is, and only what it lists.
      const manager = await read(path.replace(/\/Actions\/.*/, ''));
      const offered = (manager?.['Actions'] as Json | undefined)?.['#Manager.Reset'] as Json | undefined;
      const types = offered?.['ResetType@Redfish.AllowableValues'];
      const taken = offered?.['target'] === path && Array.isArray(types) && types.includes(body['ResetType']);
      if (taken) managerResets.push({ target: path, body });
      response.writeHead(taken ? 204 : 400).end();
    } else {
      const document = await read(path);
      if (document && request.method === 'PATCH') changed.set(path, merge(document, body));
      response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify((await read(path)) ?? {}));
    }
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions: () => sessions,
    requests,
    managerResets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Json> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}

function merge(document: Json, change: Json): Json {
  const merged = { ...document };
  for (const [name, value] of Object.entries(change)) {
    const object = typeof value === 'object' && value !== null && !Array.isArray(value);
    merged[name] = object ? merge((document[name] ?? {}) as Json, value as Json) : value;
  }
  return merged;
}

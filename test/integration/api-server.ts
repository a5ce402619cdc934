// An API on a real port over a real database, for one test file; what it logs and wakes is kept for the test to look at.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ApiConfig } from '@rackwright/api-app/config.ts';
import { startApi } from '@rackwright/api-app/compose.ts';
import { storeNeeds } from '@rackwright/api-app/store-needs.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { Database } from '@rackwright/store/database.ts';
import { type EventListener, listenForEvents } from '@rackwright/store/listen-for-events.ts';
import { makeKeyring } from '@rackwright/store/secrets/keyring.ts';
import { useTestDatabase } from '@rackwright/testkit/postgres/test-database.ts';
import { afterAll, beforeAll } from 'vitest';

/** An answer is whatever the server says. */
export type Json = ReturnType<typeof JSON.parse>;
export type Answer = { status: number; headers: Headers; body: Json };
export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

export type TestApi = {
  readonly url: string;
  call: Call;
  woken: OperationId[];
  log(): string;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly listener: EventListener;
  sql<R extends object>(text: string, values?: unknown[]): Promise<R[]>;
};

export const TEST_KEYRING = makeKeyring({ id: 'test', bytes: new Uint8Array(32).fill(7) });

export function useApi(config: Partial<ApiConfig> = {}): TestApi {
  const test = useTestDatabase();
  const woken: OperationId[] = [];
  const lines: string[] = [];
  let folder = '';
  let listener: EventListener | undefined;
  let api: Awaited<ReturnType<typeof startApi>> | undefined;

  beforeAll(async () => {
    listener = await listenForEvents(test.database);
    folder = await mkdtemp(join(tmpdir(), 'rackwright-api-'));
    const needs = storeNeeds({
      files: { imageDir: join(folder, 'images'), artifactDir: join(folder, 'artifacts') },
      database: test.database,
      keyring: TEST_KEYRING,
      listener,
      queue: { wakeUp: async (id) => void woken.push(id), depth: async () => ({}) },
    });
    const stream = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
    const settings: ApiConfig = {
      authentication: { kind: 'none', principal: 'local' },
      secret: new Uint8Array(32).fill(9),
      logger: { level: 'trace', stream },
      ...config,
    };
    api = await startApi(needs, settings, { host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await api?.close();
    await listener?.close();
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });

  const url = (): string => api?.url ?? '';
  return {
    get url() {
      return url();
    },
    call: (method, path, body, headers) => callApi(url(), method, path, body, headers),
    woken,
    get database() {
      return test.database;
    },
    get databaseUrl() {
      return test.url;
    },
    get listener() {
      if (!listener) throw new Error('the listener is opened before the first test');
      return listener;
    },
    log: () => lines.join(''),
    sql: (text, values) => test.database.query(text, values),
  };
}

async function callApi(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

/** A building with a rack and a network to put servers in. */
export async function furnish(call: Call, name: string): Promise<{ siteId: string; rackId: string; networkId: string }> {
  const site = await call('POST', '/v1/sites', { name });
  const siteId = site.body.id;
  const rack = await call('POST', '/v1/racks', { siteId, name: `${name}-R1`, powerFeeds: { A: { amps: 16 }, B: { amps: 16 } } });
  const network = await call('POST', '/v1/networks', { siteId, name: 'prov', cidr: '10.77.0.0/24', gateway: '10.77.0.1' });
  return { siteId, rackId: rack.body.id, networkId: network.body.id };
}

let bmcs = 0;
/** One BMC belongs to one server. */
export const newBmc = () => ({
  protocol: 'redfish',
  address: `https://10.0.4.${++bmcs}`,
  credentials: { username: 'root', password: 'calvin-is-a-secret' },
});

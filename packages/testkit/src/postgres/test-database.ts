// A database of its own for a test file: a copy of the migrated template, thrown away at the end, with a look for leaks.
import { randomBytes } from 'node:crypto';
import { type Database, openDatabase } from '@rackwright/store/database.ts';
import { within } from '@rackwright/store/embedded/processes.ts';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { startTestCluster, TEMPLATE, type TestCluster } from './test-cluster.ts';

export type TestDatabase = {
  /** Throws before the first test began. */
  readonly database: Database;
  readonly url: string;
};

/**
 * Call it at the top of a test file. The file fails when connections stay open after its tests, or a transaction hangs in one.
 * @param maxConnections  of the pool that tests share, 20 unless told
 */
export function useTestDatabase({ maxConnections = 20 }: { maxConnections?: number } = {}): TestDatabase {
  let database: Database | undefined;
  let cluster: TestCluster | undefined;
  let clusterUrl: string | undefined = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;

  beforeAll(async () => {
    // Projects without the global setup get a cluster for the file.
    if (clusterUrl === undefined) cluster = await startTestCluster();
    clusterUrl ??= cluster?.url ?? '';
    await onMaintenance(clusterUrl, (client) => client.query(`create database ${name} template ${TEMPLATE}`));
    database = await openDatabase(withDatabase(clusterUrl, name), { maxConnections });
  });

  afterAll(async () => {
    await database?.close();
    if (clusterUrl === undefined) return;
    const left = await onMaintenance(clusterUrl, async (client) => {
      let rows: Leak[] = [];
      // A closed connection is gone from the server's list a moment later.
      await within(2_000, async () => {
        rows = (await client.query<Leak>(CONNECTIONS, [name])).rows;
        return rows.length === 0;
      });
      await client.query(`drop database if exists ${name} with (force)`);
      return rows;
    });
    await cluster?.close();
    if (left.length > 0) throw new Error(`connections left open: ${JSON.stringify(left)}`);
  });

  return {
    get database() {
      if (!database) throw new Error('the test database is made before the first test, not while the file loads');
      return database;
    },
    get url() {
      return withDatabase(clusterUrl ?? '', name);
    },
  };
}

type Leak = { application_name: string; state: string; query: string };

const CONNECTIONS = `select application_name, state, left(query, 80) as query from pg_stat_activity where datname = $1`;

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function onMaintenance<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: withDatabase(url, 'postgres') });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

// One PostgreSQL for a whole test run, and the migrated database that every test file gets a copy of.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@rackwright/store/database.ts';
import { startEmbeddedPostgres } from '@rackwright/store/embedded/start-embedded-postgres.ts';
import { migrate } from '@rackwright/store/migrate.ts';

/** The database `rackwright` of a test cluster is the template; nobody may stay connected to it. */
export const TEMPLATE = 'rackwright';

export type TestCluster = { url: string; close(): Promise<void> };

export async function startTestCluster(): Promise<TestCluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rackwright-postgres-'));
  const postgres = await startEmbeddedPostgres({ dataDir, durability: 'none' });
  const database = await openDatabase(postgres.url, { maxConnections: 1 });
  await migrate(database);
  await database.close();
  return {
    url: postgres.url,
    async close() {
      await postgres.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

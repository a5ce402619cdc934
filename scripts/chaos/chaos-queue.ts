// The queue of a chaos run, on a Redis of its own or on the run's Postgres, and how to lose all that is in it.
import { startRedis } from '../../test/integration/queue-servers.ts';
import { Redis } from 'ioredis';
import pg from 'pg';

export type ChaosQueueKind = 'redis' | 'postgres';

export type ChaosQueue = {
  /** What Rackwright's environment needs to use it. */
  env: Record<string, string>;
  /** A database that is away has nothing to lose. */
  empty(): Promise<void>;
  close(): Promise<void>;
};

export async function startChaosQueue(kind: ChaosQueueKind, databaseUrl: string): Promise<ChaosQueue> {
  if (kind === 'postgres') return { env: {}, empty: () => truncate(databaseUrl).catch(() => undefined), close: async () => {} };
  const server = await startRedis();
  const redis = new Redis(server.url);
  return {
    env: { REDIS_URL: server.url },
    empty: async () => void (await redis.flushall()),
    async close() {
      redis.disconnect();
      await server.stop();
    },
  };
}

async function truncate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, lock_timeout: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%'`,
    );
    if (rows.length > 0) await client.query(`truncate ${rows.map(({ name }) => name).join(', ')}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

// The queue of a chaos run, on a Redis of its own or on the run's Postgres, and how to lose all that is in it.
import { startRedis } from '../../test/integration/queue-servers.ts';
import { Redis } from 'ioredis';
import pg from 'pg';

export type ChaosQueueKind = 'redis' | 'postgres';

export type ChaosQueue = {
  /** What Rackwright's environment needs to use it. */
  env: Record<string, string>;
  /** A database that is away has nothing to lose. @returns how many wake-ups were lost */
  empty(): Promise<number>;
  close(): Promise<void>;
};

export async function startChaosQueue(kind: ChaosQueueKind, databaseUrl: string): Promise<ChaosQueue> {
  if (kind === 'postgres') return { env: {}, empty: () => truncate(databaseUrl).catch(() => 0), close: async () => {} };
  const server = await startRedis();
  const redis = new Redis(server.url);
  return {
    env: { REDIS_URL: server.url },
    async empty() {
      const lost = await wakeUpsIn(redis);
      await redis.flushall();
      return lost;
    },
    async close() {
      redis.disconnect();
      await server.stop();
    },
  };
}

/** Those that wait, sleep or are at work, in BullMQ's own keys. */
async function wakeUpsIn(redis: Redis): Promise<number> {
  const keys = await redis.keys('*');
  const counts = keys.map(async (key): Promise<number> => {
    if (/:(wait|active)$/.test(key)) return redis.llen(key);
    return /:(delayed|prioritized)$/.test(key) ? redis.zcard(key) : 0;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function truncate(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, lock_timeout: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%'`,
    );
    if (rows.length === 0) return 0;
    const { rows: waiting } = await client.query<{ lost: number }>(
      `select count(*)::int as lost from bullmq.job where state not in ('completed', 'failed')`,
    );
    await client.query(`truncate ${rows.map(({ name }) => name).join(', ')}`);
    return waiting[0]?.lost ?? 0;
  } finally {
    await client.end().catch(() => undefined);
  }
}

// What the queue promises, on both backends, each a real server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { makeId, type OperationId } from '@rackwright/domain/ids.ts';
import type { QueueBackend } from '@rackwright/queue/backend.ts';
import { openQueue, type WakeUpHandler, type WakeUpQueue } from '@rackwright/queue/queue.ts';
import { leaveOut, need } from '@rackwright/testkit/tools.ts';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startPostgres, startRedis } from './queue-servers.ts';

type Server = { backend: QueueBackend; kept(): Promise<number>; forget(): Promise<void>; stop(): Promise<void> };

let numbered = 0;
const operation = (): OperationId => makeId('operation', ++numbered, new Uint8Array(10));

async function redisServer(): Promise<Server> {
  const server = await startRedis();
  const redis = new Redis(server.url);
  return {
    backend: { kind: 'redis', url: server.url },
    kept: () => redis.dbsize(),
    forget: async () => void (await redis.flushall()),
    stop: async () => {
      redis.disconnect();
      await server.stop();
    },
  };
}

async function postgresServer(): Promise<Server> {
  const server = await startPostgres();
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const tables = async (): Promise<string[]> => {
    const { rows } = await client.query(
      `select tablename from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%'`,
    );
    return rows.map((row) => `bullmq.${row.tablename}`);
  };
  return {
    backend: { kind: 'postgres', url: server.url },
    kept: async () => {
      const counts = (await tables()).map((table) => `(select count(*) from ${table})`).join(' + ');
      return Number((await client.query(`select ${counts} as n`)).rows[0].n);
    },
    forget: async () => void (await client.query(`truncate ${(await tables()).join(', ')}`)),
    stop: async () => {
      await client.end();
      await server.stop();
    },
  };
}

/** A handler whose runs end when the test says so. */
function gate(): { handler: WakeUpHandler; runs: OperationId[]; release: () => void; mostAtOnce: () => number } {
  const runs: OperationId[] = [];
  const waiting: (() => void)[] = [];
  let running = 0;
  let most = 0;
  return {
    runs,
    mostAtOnce: () => most,
    release: () => waiting.splice(0).forEach((go) => go()),
    handler: async (operationId) => {
      runs.push(operationId);
      most = Math.max(most, ++running);
      await new Promise<void>((go) => waiting.push(go));
      running--;
    },
  };
}

const until = (condition: () => unknown, timeout = 45_000) => vi.waitFor(condition, { timeout, interval: 10 });

const redis = need('redis-server');
if (!redis.present) leaveOut('the queue on Redis', `${redis.tool}: ${redis.install}`);

describe.each([
  ['Redis', redisServer, redis.present],
  ['Postgres', postgresServer, true],
] as const)('on %s', (_name, start, present) => {
  describe.skipIf(!present)('a wake-up', () => contract(start));
});

function contract(start: () => Promise<Server>): void {
  let server: Server;
  const open: WakeUpQueue[] = [];
  const errors: unknown[] = [];
  const queueOf = async (name: string): Promise<WakeUpQueue> => {
    const queue = await openQueue({ backend: server.backend, name, lockMs: 1_000, onError: (error) => errors.push(error) });
    open.push(queue);
    return queue;
  };
  const idle = async (queue: WakeUpQueue) =>
    until(async () => expect(await queue.depth()).toEqual({ waiting: 0, delayed: 0, active: 0 }));

  beforeAll(async () => {
    server = await start();
  });
  afterEach(async () => {
    for (const queue of open.splice(0)) await queue.close();
    errors.length = 0;
  });
  afterAll(() => server.stop());

  test('reaches a handler, once, however often it is said before', async () => {
    const queue = await queueOf('once');
    const id = operation();
    for (let i = 0; i < 20; i++) await queue.wakeUp(id);
    expect((await queue.depth()).waiting).toBe(1);
    const seen: OperationId[] = [];
    await queue.work(async (operationId) => void seen.push(operationId), { concurrency: 4 });
    await idle(queue);
    expect(seen).toEqual([id]);
  });

  test('that comes while the operation runs leads to exactly one more run, after it', async () => {
    const queue = await queueOf('again');
    const other = await queueOf('again');
    const { handler, runs, release, mostAtOnce } = gate();
    await queue.work(handler, { concurrency: 5 });
    await other.work(handler, { concurrency: 5 });
    const id = operation();
    await queue.wakeUp(id);
    await until(() => expect(runs).toHaveLength(1));
    await Promise.all([queue, other, queue, other].map((each) => each.wakeUp(id)));
    expect(runs).toHaveLength(1);
    release();
    await until(() => expect(runs).toHaveLength(2));
    release();
    await idle(queue);
    expect(runs).toEqual([id, id]);
    expect(mostAtOnce()).toBe(1);
  });

  test('is never lost: a handler that reads state sees every change announced before its last run began', async () => {
    const queue = await queueOf('race');
    let state = 0;
    let seen = 0;
    const look: WakeUpHandler = async () => {
      const read = state;
      await queue.depth();
      seen = read;
    };
    await queue.work(look, { concurrency: 3 });
    const id = operation();
    for (let i = 0; i < 300; i++) {
      state++;
      await queue.wakeUp(id);
    }
    await until(() => expect(seen).toBe(300));
  });

  test('runs beside those of other operations, up to the concurrency', async () => {
    const queue = await queueOf('many');
    const { handler, runs, release, mostAtOnce } = gate();
    await queue.work(handler, { concurrency: 3 });
    await Promise.all(Array.from({ length: 6 }, () => queue.wakeUp(operation())));
    await until(() => expect(runs).toHaveLength(3));
    release();
    await until(() => expect(runs).toHaveLength(6));
    release();
    await idle(queue);
    expect(mostAtOnce()).toBe(3);
  });

  test('that is put off comes when it is due and not before, and holds back no earlier one', async () => {
    const queue = await queueOf('later');
    const at: [OperationId, number][] = [];
    await queue.work(async (id) => void at.push([id, Date.now()]), { concurrency: 1 });
    const [soon, late] = [operation(), operation()];
    const said = Date.now();
    for (let i = 0; i < 10; i++) await queue.wakeUp(late, { delayMs: 3_600_000 });
    await queue.wakeUp(soon, { delayMs: 1_000 });
    await queue.wakeUp(late);
    await until(() => expect(at.map(([id]) => id).toSorted()).toEqual([soon, late].toSorted()));
    expect(at.find(([id]) => id === soon)?.[1]).toBeGreaterThanOrEqual(said + 1_000);
    // Those put off for an hour are few, and still wait.
    const { delayed } = await queue.depth();
    expect(delayed).toBeGreaterThanOrEqual(1);
    expect(delayed).toBeLessThanOrEqual(2);
  });

  test('whose handler throws comes again, and the error is told', async () => {
    const queue = await queueOf('throws');
    const seen: OperationId[] = [];
    const id = operation();
    await queue.work(
      async (operationId) => {
        seen.push(operationId);
        if (seen.length === 1) throw new Error('out of memory');
      },
      { concurrency: 1 },
    );
    await queue.wakeUp(id);
    await until(() => expect(seen).toEqual([id, id]));
    expect(errors.map(String)).toContain('Error: out of memory');
  });

  test('whose worker is killed in the middle goes to another worker', async () => {
    const queue = await queueOf('killed');
    const script = new URL('./queue-worker-process.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, JSON.stringify(server.backend), 'killed'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const id = operation();
    await queue.wakeUp(id);
    const [line] = await once(child.stdout, 'data');
    expect(String(line)).toBe(`got ${id}\n`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const seen: OperationId[] = [];
    await queue.work(async (operationId) => void seen.push(operationId), { concurrency: 1 });
    await until(() => expect(seen).toEqual([id]));
  });

  test('is heard again after the server forgot everything', async () => {
    const queue = await queueOf('forgot');
    const { handler, runs, release } = gate();
    await queue.work(handler, { concurrency: 5 });
    const id = operation();
    await queue.wakeUp(id);
    await until(() => expect(runs).toHaveLength(1));
    await server.forget();
    release();
    // What the sweep does: it knows from Postgres that the operation is not finished.
    queue.every('sweep', 100, () => queue.wakeUp(id));
    await until(() => {
      release();
      expect(runs.length).toBeGreaterThan(1);
    });
    queue.every('let go', 20, async () => release());
  });

  test('leaves nothing behind', async () => {
    const queue = await queueOf('clean');
    let handled = 0;
    await queue.work(async () => void handled++, { concurrency: 10 });
    const before = await server.kept();
    for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 50 }, () => queue.wakeUp(operation())));
    await until(() => expect(handled).toBe(1_000));
    await idle(queue);
    // A stream of at most a few hundred events, and the queue's own few rows.
    expect((await server.kept()) - before).toBeLessThan(400);
  });

  test('stop waits for the handler that runs', async () => {
    const queue = await queueOf('stop');
    const { handler, runs, release } = gate();
    const stop = await queue.work(handler, { concurrency: 1 });
    await queue.wakeUp(operation());
    await until(() => expect(runs).toHaveLength(1));
    let stopped = false;
    const stopping = stop().then(() => {
      stopped = true;
    });
    await queue.depth();
    expect(stopped).toBe(false);
    release();
    await stopping;
    expect(runs).toHaveLength(1);
  });
}

test('a queue whose server is not there says so', async () => {
  for (const backend of [
    { kind: 'redis', url: 'redis://127.0.0.1:1' },
    { kind: 'postgres', url: 'postgresql://rackwright@127.0.0.1:1/postgres' },
  ] as const) {
    await expect(openQueue({ backend, name: 'nowhere' })).rejects.toMatchObject({ code: 'queue_unreachable', retry: 'soon' });
  }
});

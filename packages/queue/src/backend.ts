// Where the wake-ups are kept: BullMQ on Redis (production) or on the Postgres that holds everything else (embedded).
import { Queue, type QueueOptions, runMigrations, Worker, type WorkerOptions, createPostgresBackend, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { WakeUpJob } from './wake-up-job.ts';

export type QueueBackend =
  | { kind: 'redis'; url: string }
  /** BullMQ keeps its own schema there, `bullmq` unless told. */
  | { kind: 'postgres'; url: string; schema?: string };

/** The part of BullMQ's classes that this package uses; both backends have it. */
export type JobQueue = Pick<Queue<WakeUpJob>, 'add' | 'getJobCounts' | 'on' | 'close'>;
export type JobWorker = Pick<Worker<WakeUpJob>, 'on' | 'close' | 'waitUntilReady'>;
export type RunJob = (job: { name: string; data: WakeUpJob }) => Promise<void>;
type Options<O> = Omit<O, 'connection'>;

export type OpenBackend = {
  queue(name: string, options: Options<QueueOptions>): JobQueue;
  worker(name: string, run: RunJob, options: Options<WorkerOptions>): JobWorker;
  /** After every queue and worker is closed. */
  close(): Promise<void>;
};

export async function openBackend(backend: QueueBackend, onError: (error: unknown) => void): Promise<OpenBackend> {
  return backend.kind === 'redis' ? openRedis(backend.url, onError) : openPostgres(backend.url, backend.schema ?? 'bullmq');
}

async function openRedis(url: string, onError: (error: unknown) => void): Promise<OpenBackend> {
  // A caller who wakes an operation gets an error at once when Redis is down: the sweep will wake it. A worker waits for ever.
  const producer = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 5_000,
  });
  const consumer = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null });
  for (const client of [producer, consumer]) client.on('error', onError);
  try {
    await producer.connect();
  } catch (cause) {
    producer.disconnect();
    throw cause;
  }
  return {
    queue: (name, options) => new Queue<WakeUpJob>(name, { ...options, connection: producer }),
    worker: (name, run, options) => new Worker<WakeUpJob>(name, run, { ...options, connection: consumer }),
    close: async () => {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

async function openPostgres(url: string, schema: string): Promise<OpenBackend> {
  await migrate(url, schema);
  const { Queue: PostgresQueue, Worker: PostgresWorker } = withBackend(createPostgresBackend);
  // NOTE: QueueEvents and job.waitUntilFinished lose events on this backend; nothing here uses them.
  const connection = { connectionString: url, schema, max: 3, connectionTimeoutMillis: 5_000 };
  return {
    queue: (name, options) => new PostgresQueue<WakeUpJob>(name, { ...options, connection }) as unknown as JobQueue,
    worker: (name, run, options) => new PostgresWorker<WakeUpJob>(name, run, { ...options, connection }) as unknown as JobWorker,
    close: async () => {},
  };
}

async function migrate(url: string, schema: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await runMigrations(client, schema);
  } finally {
    await client.end();
  }
}

// Wake-ups for operations: at most one waiting per operation, and none is lost, not even one that comes while the operation runs.
import { Fault } from '@rackwright/domain/errors.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import { type JobQueue, type OpenBackend, openBackend, type QueueBackend, type RunJob } from './backend.ts';
import { everySoOften } from './every.ts';
import { LATER, NOW, pauseAfter, sliceOf, type WakeUpJob } from './wake-up-job.ts';

export type QueueOptions = {
  backend: QueueBackend;
  /** Queues of one name share their wake-ups, wherever they are opened. No colon. */
  name: string;
  /** A worker that died is noticed after this long; its wake-ups go to another. 30 s unless told. */
  lockMs?: number;
  /** Trouble that no caller waits for: a lost connection, a handler that threw. */
  onError?: (error: unknown) => void;
};

export type WakeUp = (operationId: OperationId, options?: { delayMs?: number }) => Promise<void>;

/** Must bear being run again for nothing, and two at once for one operation after a crash: take the operation's lease. */
export type WakeUpHandler = (operationId: OperationId) => Promise<void>;
export type Stop = () => Promise<void>;

export type WakeUpQueue = {
  /** Throws Fault `queue_unreachable`; whoever sweeps the operations wakes what was missed. */
  wakeUp: WakeUp;
  /** Runs until stopped; `stop` waits for the handlers that are running. A handler that throws is called again, later and later. */
  work(handler: WakeUpHandler, options: { concurrency: number }): Promise<Stop>;
  /** In this process, at once and then `everyMs` after each end: a schedule kept in the queue would be lost with the queue. */
  every(name: string, everyMs: number, does: () => Promise<void>): Stop;
  /** Waiting, delayed and running wake-ups; for health and metrics. Throws Fault `queue_unreachable`. */
  depth(): Promise<{ waiting: number; delayed: number; active: number }>;
  close(): Promise<void>;
};

// Nothing reads a finished job: it is dropped at once. The few that could not even be put off are kept for whoever looks.
const RETENTION = { removeOnComplete: true, removeOnFail: { count: 100, age: 7 * 24 * 3_600 } };
const EVENTS_KEPT = 100;

export async function openQueue(options: QueueOptions): Promise<WakeUpQueue> {
  const onError = options.onError ?? (() => {});
  const backend = await openBackend(options.backend, onError).catch((cause) => {
    throw unreachable('open the queue', cause);
  });
  const jobs = backend.queue(options.name, { defaultJobOptions: RETENTION, streams: { events: { maxLen: EVENTS_KEPT } } });
  jobs.on('error', onError);
  const stops = new Set<Stop>();
  const stoppable = (stop: Stop): Stop => {
    stops.add(stop);
    return () => stop().finally(() => stops.delete(stop));
  };
  return {
    wakeUp: (operationId, { delayMs = 0 } = {}) => add(jobs, { operationId, failures: 0 }, delayMs),
    work: async (handler, { concurrency }) =>
      stoppable(await startWorker(backend, jobs, { ...options, onError, concurrency }, handler)),
    every: (name, everyMs, does) => stoppable(everySoOften(name, everyMs, does, onError)),
    depth: () => count(jobs),
    close: async () => {
      await Promise.all([...stops].map((stop) => stop()));
      await jobs.close();
      await backend.close();
    },
  };
}

type WorkerSettings = { name: string; lockMs?: number; concurrency: number; onError: (error: unknown) => void };

async function startWorker(
  backend: OpenBackend,
  jobs: JobQueue,
  settings: WorkerSettings,
  handler: WakeUpHandler,
): Promise<Stop> {
  const lockMs = settings.lockMs ?? 30_000;
  const worker = backend.worker(settings.name, runJob(jobs, handler, settings.onError), {
    concurrency: settings.concurrency,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    // A wake-up whose worker died is worth any number of tries: the operation itself counts its attempts and gives up.
    maxStalledCount: 1_000_000,
  });
  worker.on('error', settings.onError);
  await worker.waitUntilReady();
  return () => worker.close();
}

function runJob(jobs: JobQueue, handler: WakeUpHandler, onError: (error: unknown) => void): RunJob {
  return async ({ name, data: job }) => {
    // A wake-up whose time has come joins the line like any other, so that one operation never runs twice at once.
    if (name === LATER) return add(jobs, job, 0);
    try {
      await handler(job.operationId);
    } catch (error) {
      onError(error);
      const failures = job.failures + 1;
      await add(jobs, { ...job, failures }, pauseAfter(failures));
    }
  };
}

/** `keepLastIfActive`: one that comes while its like runs is kept, and runs after it. */
async function add(jobs: JobQueue, job: WakeUpJob, delayMs: number): Promise<void> {
  const now = Date.now();
  const { delayMs: delay, slice } = sliceOf(now + delayMs, now);
  try {
    if (delayMs <= 0) await jobs.add(NOW, job, { deduplication: { id: job.operationId, keepLastIfActive: true } });
    else await jobs.add(LATER, job, { delay, deduplication: { id: `${job.operationId}@${slice}`, keepLastIfActive: true } });
  } catch (cause) {
    throw unreachable(`wake operation ${job.operationId}`, cause);
  }
}

async function count(jobs: JobQueue): Promise<{ waiting: number; delayed: number; active: number }> {
  try {
    const { waiting = 0, delayed = 0, active = 0 } = await jobs.getJobCounts('waiting', 'delayed', 'active');
    return { waiting, delayed, active };
  } catch (cause) {
    throw unreachable('count the wake-ups', cause);
  }
}

function unreachable(doing: string, cause: unknown): Fault {
  return new Fault({ code: 'queue_unreachable', doing, retry: 'soon', effect: 'maybe', cause });
}

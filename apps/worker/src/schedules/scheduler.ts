// Runs schedules: decides what is due, takes runs that nobody carries out, a bounded number at once, whoever else does the same elsewhere.
import { seconds } from '@rackwright/domain/durations.ts';
import type { ScheduleStore } from '@rackwright/store/schedules/schedule-store.ts';
import type { TaskNeeds } from '@rackwright/workflows/schedule-tasks/needs.ts';
import type { Log, WakeUps } from '../needs.ts';
import { executeRun } from './execute-run.ts';
import { sayWhy } from '../say-why.ts';

export type SchedulerConfig = {
  /** 1 s unless told: so late a schedule may begin. */
  lookMs?: number;
  /** 20 s unless told: after that another takes over from a worker that died. */
  leaseMs?: number;
  /** 5 s unless told: operations take minutes; what is tried again should not be tried often. */
  lookAgainMs?: number;
  /** 10 s unless told: so long a BMC may take until a new password counts. */
  passwordSettleMs?: number;
  /** A minute unless told: so long a server is held after the death of whoever changes its BMC's password. */
  passwordLeaseMs?: number;
};

export type SchedulerNeeds = {
  store: ScheduleStore;
  tasks: TaskNeeds;
  queue: WakeUps & { every(name: string, everyMs: number, does: () => Promise<void>): () => Promise<void> };
  worker: string;
  log: Log;
};

const MOST_DECIDED = 50;
const MOST_RUNS = 4;

export function startScheduler(config: SchedulerConfig, needs: SchedulerNeeds): { close(): Promise<void> } {
  const { store, queue, worker, log, tasks } = needs;
  const leaseMs = config.leaseMs ?? seconds(20);
  const lookAgainMs = config.lookAgainMs ?? seconds(5);
  const stop = new AbortController();
  const running = new Set<Promise<void>>();

  const stopLooking = queue.every('schedules', config.lookMs ?? seconds(1), async () => {
    // What is under way goes on also when nothing new can be decided.
    const undecided = await store.decideDue(tasks.clock.now(), MOST_DECIDED).catch((thrown: unknown) => {
      log.warn({ because: sayWhy(thrown) }, 'schedules not decided');
      return [];
    });
    for (const { id, because } of undecided) log.warn({ scheduleId: id, because }, 'schedule not decided');
    const room = MOST_RUNS - running.size;
    if (room <= 0 || stop.signal.aborted) return;
    for (const claim of await store.claim(worker, leaseMs, room)) {
      const run: Promise<void> = executeRun(claim, { store, queue, tasks, leaseMs, lookAgainMs, log, stopping: stop.signal })
        .catch((thrown) => log.warn({ runId: claim.runId, because: sayWhy(thrown) }, 'schedule run ended early'))
        .finally(() => running.delete(run));
      running.add(run);
    }
  });

  return {
    async close() {
      stop.abort();
      await stopLooking();
      // Each ends the items that are under way and leaves the rest to whoever claims the run next.
      await Promise.all(running);
    },
  };
}

// The scheduler with everything its tasks need, made of what the worker has.
import type { Database } from '@rackwright/store/database.ts';
import { postgresScheduleStore } from '@rackwright/store/schedules/schedule-store.ts';
import type { BmcConnections } from '../bmc-connections.ts';
import { type SchedulerConfig, type SchedulerNeeds, startScheduler } from './scheduler.ts';

export type ComposeSchedulerNeeds = Pick<SchedulerNeeds, 'queue' | 'worker' | 'log'> & {
  database: Database;
  clock: { now(): number };
  bmcs: Pick<BmcConnections, 'readBmc'>;
};

export function composeScheduler(config: SchedulerConfig, needs: ComposeSchedulerNeeds): { close(): Promise<void> } {
  const { database, clock, bmcs, queue, worker, log } = needs;
  const store = postgresScheduleStore(database);
  const tasks = { clock, findServer: store.candidate, readBmc: bmcs.readBmc };
  return startScheduler(config, { store, tasks, queue, worker, log });
}

// The scheduler with everything its tasks need, made of what the worker has.
import { seconds } from '@rackwright/domain/durations.ts';
import type { Database } from '@rackwright/store/database.ts';
import { postgresScheduleStore } from '@rackwright/store/schedules/schedule-store.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import type { TaskNeeds } from '@rackwright/workflows/schedule-tasks/needs.ts';
import type { Bmcs } from '../compose-bmcs.ts';
import { bmcPasswords } from './bmc-passwords.ts';
import { filedCertificates } from './filed-certificates.ts';
import { type SchedulerConfig, type SchedulerNeeds, startScheduler } from './scheduler.ts';

export type ComposeSchedulerNeeds = Pick<SchedulerNeeds, 'queue' | 'worker' | 'log'> & {
  database: Database;
  clock: { now(): number };
  bmcs: Pick<Bmcs, 'readBmc' | 'hangUp' | 'connect'>;
  keyring: Keyring;
};

/** Some BMCs take ten seconds until a new password counts. */
const SETTLE_MS = seconds(10);

export function composeScheduler(config: SchedulerConfig, needs: ComposeSchedulerNeeds): { close(): Promise<void> } {
  const { database, keyring, clock, bmcs, queue, worker, log } = needs;
  const store = postgresScheduleStore(database);
  const { passwordSettleMs = SETTLE_MS, passwordLeaseMs } = config;
  const leaseMs = passwordLeaseMs === undefined ? {} : { leaseMs: passwordLeaseMs };
  const passwords = bmcPasswords({ database, keyring, ...bmcs, settleMs: passwordSettleMs, ...leaseMs });
  const tasks: TaskNeeds = {
    ...{ clock, passwords, readBmc: bmcs.readBmc, findServer: store.candidate, inspectionOf: store.inspectionOf },
    ...filedCertificates(database, keyring),
  };
  return startScheduler(config, { store, tasks, queue, worker, log });
}

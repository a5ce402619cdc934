// apps/worker: everything the worker is made of, in the order it is made.
import { hostname } from 'node:os';
import { hours, seconds } from '@rackwright/domain/durations.ts';
import type { WakeUpQueue } from '@rackwright/queue/queue.ts';
import type { Database } from '@rackwright/store/database.ts';
import { nodesOnFile, operationOfNode } from '@rackwright/store/nodes-on-file.ts';
import { closeUndoIncidents } from '@rackwright/store/operations/undo-incidents.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresAnswers } from '@rackwright/store/ports/postgres-answers.ts';
import { postgresBootTickets } from '@rackwright/store/ports/postgres-boot-tickets.ts';
import { postgresErasures } from '@rackwright/store/ports/postgres-erasures.ts';
import { postgresImages } from '@rackwright/store/ports/postgres-images.ts';
import { postgresInstructions } from '@rackwright/store/ports/postgres-instructions.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import type { EventListener } from '@rackwright/store/listen-for-events.ts';
import { forgetOld } from '@rackwright/store/retention.ts';
import { advanceColdStarts } from '@rackwright/store/power/advance-cold-starts.ts';
import { grantWaiting } from '@rackwright/store/power/power-grants.ts';
import { derivedSecrets } from '@rackwright/store/secrets/derived-secrets.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { postgresCourierStore } from '@rackwright/store/webhooks/courier-store.ts';
import type { Ports } from '@rackwright/workflows/ports.ts';
import { advanceOperation } from './advance-operation.ts';
import { alarms } from './alarms.ts';
import { approveCertificates } from './approve-certificates.ts';
import { clusterConnections } from './cluster-connections.ts';
import { type BmcsConfig, composeBmcs } from './compose-bmcs.ts';
import type { HeldRun } from './hold-run.ts';
import type { Log } from './needs.ts';
import { composeScheduler } from './schedules/compose-scheduler.ts';
import type { SchedulerConfig } from './schedules/scheduler.ts';
import { sweepDue } from './sweep-due.ts';
import { type CourierConfig, startCourier } from './webhooks/courier.ts';

export type WorkerConfig = BmcsConfig & { concurrency: number; webhooks: CourierConfig; schedules?: SchedulerConfig };
export type WorkerNeeds = {
  database: Database;
  keyring: Keyring;
  queue: WakeUpQueue;
  listener: Pick<EventListener, 'onNew'>;
  log: Log;
};
export type Worker = { close(): Promise<void> };

const SWEEP_MS = seconds(2);
/** How much later than it could the next wave begins. */
const POWER_MS = seconds(1);
const COLD_STARTS_MS = seconds(2);
const UNDO_INCIDENTS_MS = seconds(30);
/** A kubelet without its serving certificate gives no logs; ten seconds are bearable. */
const CERTIFICATES_MS = seconds(10);

export async function composeWorker(config: WorkerConfig, needs: WorkerNeeds): Promise<Worker> {
  const { database, keyring, queue, listener, log } = needs;
  const worker = `${hostname()}/${process.pid}`;
  const bmcs = composeBmcs(config, { database, keyring, log, runner: worker });
  const clusters = clusterConnections({
    read: (clusterId) => readClusterAccess(database, keyring, clusterId),
    async onNode(clusterId, nodeName) {
      const operationId = await operationOfNode(database, clusterId, nodeName).catch(() => undefined);
      if (operationId !== undefined) await queue.wakeUp(operationId).catch(() => undefined);
    },
  });
  const shared: Omit<Ports, 'withBmc'> = {
    clock: { now: () => Date.now() },
    servers: postgresServers(database),
    bootTickets: postgresBootTickets(database, keyring),
    instructions: postgresInstructions(database),
    images: postgresImages(database),
    erasures: postgresErasures(database),
    answers: postgresAnswers(database),
    secrets: derivedSecrets(keyring),
    connectCluster: clusters.connect,
  };

  const ports = (held: HeldRun): Ports => ({ ...shared, withBmc: bmcs.heldBy(held) });

  const runs = postgresRunStore(database);
  const clocks = alarms((operationId) => void queue.wakeUp(operationId).catch(() => undefined));
  const needed = { runs, queue, alarms: clocks, ports, worker, log };
  const stopWork = await queue.work((operationId) => advanceOperation(needed, operationId), config);
  // What the queue forgot, or a dead process held: the truth is in Postgres.
  const stopSweep = queue.every(
    'sweep',
    SWEEP_MS,
    sweepDue(runs, queue, () => performance.now()),
  );

  // Those whose turn has come to power on.
  const stopGranting = queue.every('power', POWER_MS, async () => {
    for (const operationId of await grantWaiting(database)) await queue.wakeUp(operationId);
  });
  const stopColdStarts = queue.every('cold starts', COLD_STARTS_MS, async () => {
    for (const operationId of await advanceColdStarts(database)) await queue.wakeUp(operationId);
  });

  const stopClosing = queue.every('undo incidents', UNDO_INCIDENTS_MS, async () => {
    await closeUndoIncidents(database);
  });

  const stopApproving = queue.every('certificates', CERTIFICATES_MS, () =>
    approveCertificates({ nodes: () => nodesOnFile(database), api: clusters.api, log }),
  );
  const stopForgetting = queue.every('forget', hours(1), async () => {
    await forgetOld(database);
  });
  const courier = startCourier(config.webhooks, {
    store: postgresCourierStore(database, keyring),
    onNew: listener.onNew,
    worker,
    log,
  });

  const scheduler = composeScheduler(config.schedules ?? {}, { database, clock: shared.clock, bmcs, queue, worker, log });

  return {
    async close() {
      await scheduler.close();
      await courier.close();
      await stopApproving();
      await stopForgetting();
      await stopClosing();
      await stopColdStarts();
      await stopGranting();
      await stopSweep();
      await stopWork();
      clocks.close();
      await bmcs.close();
      await clusters.close();
    },
  };
}

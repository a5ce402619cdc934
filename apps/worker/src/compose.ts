// apps/worker: everything the worker is made of, in the order it is made.
import { hostname } from 'node:os';
import { bmcConnector, type ConnectBmcOptions } from '@rackwright/bmc/connect-bmc.ts';
import { hours, seconds } from '@rackwright/domain/durations.ts';
import type { WakeUpQueue } from '@rackwright/queue/queue.ts';
import type { Database } from '@rackwright/store/database.ts';
import { nodesOnFile, operationOfNode } from '@rackwright/store/nodes-on-file.ts';
import { refuseWithoutLease } from '@rackwright/store/operations/begin-operation.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresBulkDriver } from '@rackwright/store/plans/drive-bulk.ts';
import { postgresAnswers } from '@rackwright/store/ports/postgres-answers.ts';
import { postgresBootTickets } from '@rackwright/store/ports/postgres-boot-tickets.ts';
import { postgresErasures } from '@rackwright/store/ports/postgres-erasures.ts';
import { postgresImages } from '@rackwright/store/ports/postgres-images.ts';
import { postgresInstructions } from '@rackwright/store/ports/postgres-instructions.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import type { EventListener } from '@rackwright/store/listen-for-events.ts';
import { forgetOld } from '@rackwright/store/retention.ts';
import { derivedSecrets } from '@rackwright/store/secrets/derived-secrets.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readBmcAccess, readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { postgresCourierStore } from '@rackwright/store/webhooks/courier-store.ts';
import type { Ports } from '@rackwright/workflows/ports.ts';
import { advanceOperation } from './advance-operation.ts';
import { alarms } from './alarms.ts';
import { approveCertificates } from './approve-certificates.ts';
import { bmcConnections } from './bmc-connections.ts';
import { clusterConnections } from './cluster-connections.ts';
import type { Log } from './needs.ts';
import { driveBulkOperations } from './drive-bulk-operations.ts';
import { ownBmc } from './own-bmc.ts';
import { sweepDue } from './sweep-due.ts';
import { composeScheduler } from './schedules/compose-scheduler.ts';
import type { SchedulerConfig } from './schedules/scheduler.ts';
import { type CourierConfig, startCourier } from './webhooks/courier.ts';

export type WorkerConfig = { concurrency: number; bmc?: ConnectBmcOptions; webhooks: CourierConfig; schedules?: SchedulerConfig };
export type WorkerNeeds = {
  database: Database;
  keyring: Keyring;
  queue: WakeUpQueue;
  listener: Pick<EventListener, 'onNew'>;
  log: Log;
};
export type Worker = { close(): Promise<void> };

const SWEEP_MS = seconds(2);
/** How long a free place in a wave stays empty at most. */
const BULKS_MS = seconds(1);
/** A kubelet without its serving certificate gives no logs; ten seconds are bearable. */
const CERTIFICATES_MS = seconds(10);

export async function composeWorker(config: WorkerConfig, needs: WorkerNeeds): Promise<Worker> {
  const { database, keyring, queue, listener, log } = needs;
  const bmcs = bmcConnections({
    connect: ownBmc((serverId) => readBmcAccess(database, keyring, serverId), bmcConnector(config.bmc)),
    refuseUnlessHeld: ({ serverId, operationId }) => refuseWithoutLease(database, serverId, operationId),
  });
  const clusters = clusterConnections({
    read: (clusterId) => readClusterAccess(database, keyring, clusterId),
    async onNode(clusterId, nodeName) {
      const operationId = await operationOfNode(database, clusterId, nodeName).catch(() => undefined);
      if (operationId !== undefined) await queue.wakeUp(operationId).catch(() => undefined);
    },
  });
  const ports: Ports = {
    clock: { now: () => Date.now() },
    servers: postgresServers(database),
    bootTickets: postgresBootTickets(database, keyring),
    instructions: postgresInstructions(database),
    images: postgresImages(database),
    erasures: postgresErasures(database),
    answers: postgresAnswers(database),
    secrets: derivedSecrets(keyring),
    withBmc: bmcs.withBmc,
    connectCluster: clusters.connect,
  };

  const runs = postgresRunStore(database);
  const worker = `${hostname()}/${process.pid}`;
  const clocks = alarms((operationId) => void queue.wakeUp(operationId).catch(() => undefined));
  const needed = { runs, queue, alarms: clocks, ports, worker, log };
  const stopWork = await queue.work((operationId) => advanceOperation(needed, operationId), config);
  // What the queue forgot, or a dead process held: the truth is in Postgres.
  const stopSweep = queue.every(
    'sweep',
    SWEEP_MS,
    sweepDue(runs, queue, () => performance.now()),
  );

  const stopApproving = queue.every('certificates', CERTIFICATES_MS, () =>
    approveCertificates({ nodes: () => nodesOnFile(database), api: clusters.api, log }),
  );
  const stopRecords = sweepRecords(needs);
  const courier = startCourier(config.webhooks, {
    store: postgresCourierStore(database, keyring),
    onNew: listener.onNew,
    worker,
    log,
  });

  const scheduler = composeScheduler(config.schedules ?? {}, { database, clock: ports.clock, bmcs, queue, worker, log });

  return {
    async close() {
      await scheduler.close();
      await courier.close();
      await stopApproving();
      await stopRecords();
      await stopSweep();
      await stopWork();
      clocks.close();
      await bmcs.close();
      await clusters.close();
    },
  };
}

/** What is driven by rows alone: bulk operations go on, and what nobody needs any more is forgotten. */
function sweepRecords({ database, queue, log }: WorkerNeeds): () => Promise<void> {
  const bulks = postgresBulkDriver(database);
  const stops = [
    queue.every('bulk operations', BULKS_MS, () => driveBulkOperations({ bulks, queue, log })),
    queue.every('forget', hours(1), () => forgetOld(database).then(() => undefined)),
  ];
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

// apps/worker: everything the worker is made of, in the order it is made.
import { hostname } from 'node:os';
import { seconds } from '@rackwright/domain/durations.ts';
import type { WakeUpQueue } from '@rackwright/queue/queue.ts';
import type { Database } from '@rackwright/store/database.ts';
import { postgresFindings } from '@rackwright/store/health/note-findings.ts';
import { operationOfNode } from '@rackwright/store/nodes-on-file.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
import { postgresAnswers } from '@rackwright/store/ports/postgres-answers.ts';
import { postgresBootTickets } from '@rackwright/store/ports/postgres-boot-tickets.ts';
import { postgresErasures } from '@rackwright/store/ports/postgres-erasures.ts';
import { postgresImages } from '@rackwright/store/ports/postgres-images.ts';
import { postgresInstructions } from '@rackwright/store/ports/postgres-instructions.ts';
import { postgresServers } from '@rackwright/store/ports/postgres-servers.ts';
import type { EventListener } from '@rackwright/store/listen-for-events.ts';
import { derivedSecrets } from '@rackwright/store/secrets/derived-secrets.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { postgresCourierStore } from '@rackwright/store/webhooks/courier-store.ts';
import type { Ports } from '@rackwright/workflows/ports.ts';
import { advanceOperation } from './advance-operation.ts';
import { alarms } from './alarms.ts';
import { startChores } from './chores.ts';
import { type ClusterConnections, clusterConnections } from './cluster-connections.ts';
import { type BmcsConfig, composeBmcs } from './compose-bmcs.ts';
import { health } from './health/start-health.ts';
import type { HeldRun } from './hold-run.ts';
import type { Log } from './needs.ts';
import { wakeByNode } from './node-watch/wake-by-node.ts';
import { composeScheduler } from './schedules/compose-scheduler.ts';
import type { SchedulerConfig } from './schedules/scheduler.ts';
import { sweepDue } from './sweep-due.ts';
import { type CourierConfig, startCourier } from './webhooks/courier.ts';

export type WorkerConfig = BmcsConfig & {
  concurrency: number;
  webhooks: CourierConfig;
  schedules?: SchedulerConfig;
  healthEveryMs: number;
};
export type WorkerNeeds = {
  database: Database;
  keyring: Keyring;
  queue: WakeUpQueue;
  listener: Pick<EventListener, 'onNew'>;
  log: Log;
};
export type Worker = { close(): Promise<void> };

const SWEEP_MS = seconds(2);

export async function composeWorker(config: WorkerConfig, needs: WorkerNeeds): Promise<Worker> {
  const { database, keyring, queue, listener, log } = needs;
  const worker = `${hostname()}/${process.pid}`;
  const bmcs = composeBmcs(config, { database, keyring, log, runner: worker });
  const clusters = clusterConnections({
    read: (clusterId) => readClusterAccess(database, keyring, clusterId),
    onChange: wakeByNode({
      operationOf: (clusterId, nodeName) => operationOfNode(database, clusterId, nodeName),
      wakeUp: queue.wakeUp,
      log,
    }),
  });
  const { healthEveryMs: everyMs } = config;
  const watched = health({
    database,
    worker,
    everyMs,
    queue,
    sight: clusters.sight,
    glance: bmcs.glance,
    log,
  });
  const shared = portsOf({ database, keyring }, clusters);
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

  watched.start();
  const stopChores = startChores({ database, queue, log, clusters, bmcs });
  const courier = startCourier(config.webhooks, {
    store: postgresCourierStore(database, keyring),
    onNew: listener.onNew,
    worker,
    log,
  });

  const scheduler = composeScheduler(config.schedules ?? {}, { ...needs, clock: shared.clock, bmcs, worker });

  return {
    async close() {
      await scheduler.close();
      await courier.close();
      await watched.close();
      await stopChores();
      await stopSweep();
      await stopWork();
      clocks.close();
      await bmcs.close();
      await clusters.close();
    },
  };
}

function portsOf(
  { database, keyring }: Pick<WorkerNeeds, 'database' | 'keyring'>,
  { connect }: Pick<ClusterConnections, 'connect'>,
): Omit<Ports, 'withBmc'> {
  return {
    clock: { now: () => Date.now() },
    servers: postgresServers(database),
    bootTickets: postgresBootTickets(database, keyring),
    instructions: postgresInstructions(database),
    images: postgresImages(database),
    erasures: postgresErasures(database),
    answers: postgresAnswers(database),
    findings: postgresFindings(database),
    secrets: derivedSecrets(keyring),
    connectCluster: connect,
  };
}

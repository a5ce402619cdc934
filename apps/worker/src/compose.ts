// apps/worker: everything the worker is made of, in the order it is made.
import { hostname } from 'node:os';
import { hours, seconds } from '@rackwright/domain/durations.ts';
import type { WakeUpQueue } from '@rackwright/queue/queue.ts';
import type { Database } from '@rackwright/store/database.ts';
import { postgresNodeAlarms } from '@rackwright/store/node-alarms/node-alarm-store.ts';
import { nodesOnFile, operationOfNode } from '@rackwright/store/nodes-on-file.ts';
import { postgresRunStore } from '@rackwright/store/operations/run-store.ts';
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
import { readClusterAccess } from '@rackwright/store/secrets/stored-secrets.ts';
import { claimWatched, recordSighting } from '@rackwright/store/work-orders/watch-at-the-rack.ts';
import { postgresCourierStore } from '@rackwright/store/webhooks/courier-store.ts';
import type { Ports } from '@rackwright/workflows/ports.ts';
import { advanceOperation } from './advance-operation.ts';
import { alarms } from './alarms.ts';
import { approveCertificates } from './approve-certificates.ts';
import { type ClusterConnections, clusterConnections } from './cluster-connections.ts';
import { type BmcsConfig, composeBmcs } from './compose-bmcs.ts';
import type { Log } from './needs.ts';
import { nodeAlarmRounds } from './node-watch/raise-node-alarms.ts';
import { composeScheduler } from './schedules/compose-scheduler.ts';
import type { SchedulerConfig } from './schedules/scheduler.ts';
import { sweepDue } from './sweep-due.ts';
import type { BmcConnections } from './bmc-connections.ts';
import { watchTechnicians } from './watch-technicians.ts';
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
/** A kubelet without its serving certificate gives no logs; ten seconds are bearable. */
const CERTIFICATES_MS = seconds(10);
/** An alarm counts after two rounds: a Node deleted by hand is told within twenty seconds. */
const NODE_ALARMS_MS = seconds(10);

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
  const clocks = alarms((operationId) => void queue.wakeUp(operationId).catch(() => undefined));
  const needed = { runs, queue, alarms: clocks, ports, worker, log };
  const stopWork = await queue.work((operationId) => advanceOperation(needed, operationId), config);
  // What the queue forgot, or a dead process held: the truth is in Postgres.
  const stopSweep = queue.every(
    'sweep',
    SWEEP_MS,
    sweepDue(runs, queue, () => performance.now()),
  );

  const stopChores = startChores({ database, queue, log }, clusters, bmcs.glance);
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
      await stopChores();
      await stopSweep();
      await stopWork();
      clocks.close();
      await bmcs.close();
      await clusters.close();
    },
  };
}

/** What is to be done again and again and is no operation. */
function startChores(
  { database, queue, log }: Pick<WorkerNeeds, 'database' | 'queue' | 'log'>,
  clusters: Pick<ClusterConnections, 'api' | 'node' | 'nodes'>,
  glance: BmcConnections['glance'],
): () => Promise<void> {
  const stopApproving = queue.every('certificates', CERTIFICATES_MS, () =>
    approveCertificates({ nodes: () => nodesOnFile(database), api: clusters.api, log }),
  );
  const nodeAlarms = nodeAlarmRounds({ store: postgresNodeAlarms(database), nodes: clusters.nodes, node: clusters.node, log });
  const stopNodeAlarms = queue.every('node alarms', NODE_ALARMS_MS, nodeAlarms);
  const stopForgetting = queue.every('forget', hours(1), async () => {
    await forgetOld(database);
  });
  const technicians = watchTechnicians({
    watch: {
      claim: (limit) => claimWatched(database, limit),
      record: (serverId, seen) => recordSighting(database, serverId, seen),
    },
    glance,
  });
  const stopWatching = queue.every('technicians', seconds(1), technicians.look);
  return async () => {
    await stopApproving();
    await stopNodeAlarms();
    await stopForgetting();
    await stopWatching();
    await technicians.close();
  };
}

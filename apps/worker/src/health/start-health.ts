// The health controller as a part of the worker: every worker sees, one of them decides.
import type { WakeUpQueue } from '@rackwright/queue/queue.ts';
import type { Database } from '@rackwright/store/database.ts';
import { actOnDecisions } from '@rackwright/store/health/act-on-decisions.ts';
import { clustersInUse, forgetSights, noteSights } from '@rackwright/store/health/cluster-sights.ts';
import { leadHealth, stopLeadingHealth } from '@rackwright/store/health/health-policy.ts';
import { noteNodes } from '@rackwright/store/health/note-nodes.ts';
import { readHealthView } from '@rackwright/store/health/read-health-view.ts';
import type { BmcConnections } from '../bmc-connections.ts';
import type { Log } from '../needs.ts';
import { bmcSights } from './bmc-sights.ts';
import { healthRound, type HealthStore } from './health-round.ts';
import { type SightsNeeds, writeDownSights } from './write-down-sights.ts';

export type HealthParts = {
  database: Database;
  /** This process, among all that see and may decide. */
  worker: string;
  everyMs: number;
  queue: Pick<WakeUpQueue, 'every' | 'wakeUp'>;
  sight: SightsNeeds['sight'];
  /** Without holding the server, in line with those that do. */
  glance: BmcConnections['glance'];
  log: Log;
};

export type Health = {
  start(): void;
  /** The next process leads at once. */
  close(): Promise<void>;
};

export function health({ database, worker, everyMs, queue, sight, glance, log }: HealthParts): Health {
  const sights: SightsNeeds = {
    clusters: () => clustersInUse(database),
    sight,
    noteNodes: (clusterId, nodes) => noteNodes(database, clusterId, nodes),
    noteSights: (seen) => noteSights(database, worker, seen),
    log,
  };
  const store: HealthStore = {
    lead: (forMs) => leadHealth(database, worker, forMs),
    view: () => readHealthView(database),
    act: (acts) => actOnDecisions(database, worker, acts),
  };
  const bmcs = bmcSights({
    power: (serverId, onTurn) => glance(serverId, (bmc) => bmc.power(), onTurn),
    now: () => Date.now(),
    log,
  });
  let stop: () => Promise<void> = () => Promise.resolve();
  return {
    start() {
      // One after the other: what is decided on is what was just seen.
      stop = queue.every('health', everyMs, async () => {
        await writeDownSights(sights);
        await healthRound({ store, bmcs, wakeUp: (id) => queue.wakeUp(id), log });
      });
    },
    async close() {
      await stop();
      // A process that goes is neither blind nor the controller; should this not be said, both run out by themselves.
      await Promise.allSettled([stopLeadingHealth(database, worker), forgetSights(database, worker)]);
    },
  };
}

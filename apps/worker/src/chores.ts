// What the worker does again and again and is no operation.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { WakeUpQueue } from '@rackwright/queue/queue.ts';
import { postgresNodeAlarms } from '@rackwright/store/node-alarms/node-alarm-store.ts';
import type { Database } from '@rackwright/store/database.ts';
import { nodesOnFile } from '@rackwright/store/nodes-on-file.ts';
import { postgresBulkDriver } from '@rackwright/store/plans/drive-bulk.ts';
import { closeUndoIncidents } from '@rackwright/store/operations/undo-incidents.ts';
import { advanceColdStarts } from '@rackwright/store/power/advance-cold-starts.ts';
import { grantWaiting } from '@rackwright/store/power/power-grants.ts';
import { advanceReplacement, runningReplacements } from '@rackwright/store/replacements/advance-replacement.ts';
import { forgetOld } from '@rackwright/store/retention.ts';
import { claimWatched, recordSighting } from '@rackwright/store/work-orders/watch-at-the-rack.ts';
import { advanceReplacements, type ReplacementStore } from './advance-replacements.ts';
import { approveCertificates } from './approve-certificates.ts';
import type { BmcConnections } from './bmc-connections.ts';
import type { ClusterConnections } from './cluster-connections.ts';
import { driveBulkOperations } from './drive-bulk-operations.ts';
import type { Log } from './needs.ts';
import { nodeAlarmRounds } from './node-watch/raise-node-alarms.ts';
import { watchTechnicians } from './watch-technicians.ts';

export type ChoreNeeds = {
  database: Database;
  queue: WakeUpQueue;
  log: Log;
  clusters: Pick<ClusterConnections, 'api' | 'node' | 'nodes'>;
  bmcs: Pick<BmcConnections, 'glance'>;
};

/** A kubelet without its serving certificate gives no logs; ten seconds are bearable. */
const CERTIFICATES_MS = seconds(10);
/** An alarm counts after two rounds: a Node deleted by hand is told within twenty seconds. */
const NODE_ALARMS_MS = seconds(10);
/** How long a free place in a wave stays empty at most. */
const BULKS_MS = seconds(1);
const TECHNICIANS_MS = seconds(1);
/** How much later than it could the next wave begins. */
const POWER_MS = seconds(1);
const COLD_STARTS_MS = seconds(2);
const UNDO_INCIDENTS_MS = seconds(30);
const REPLACEMENTS_MS = seconds(2);
const FORGET_MS = minutes(5);

/** Ends them when called; no chore is under way afterwards. */
export function startChores({ database, queue, log, clusters, bmcs }: ChoreNeeds): () => Promise<void> {
  const technicians = watchTechnicians({
    watch: {
      claim: (limit) => claimWatched(database, limit),
      record: (serverId, seen) => recordSighting(database, serverId, seen),
    },
    glance: bmcs.glance,
    log,
  });
  const nodeAlarms = nodeAlarmRounds({ store: postgresNodeAlarms(database), nodes: clusters.nodes, node: clusters.node, log });
  const bulks = postgresBulkDriver(database);
  const replacements: ReplacementStore = {
    running: (limit) => runningReplacements(database, limit),
    advance: (id) => advanceReplacement(database, id),
  };
  const stops = [
    queue.every('bulk operations', BULKS_MS, () => driveBulkOperations({ bulks, queue, log })),
    queue.every('certificates', CERTIFICATES_MS, () =>
      approveCertificates({ nodes: () => nodesOnFile(database), api: clusters.api, log }),
    ),
    queue.every('node alarms', NODE_ALARMS_MS, nodeAlarms),
    queue.every('replacements', REPLACEMENTS_MS, () => advanceReplacements(replacements, queue, log)),
    queue.every('technicians', TECHNICIANS_MS, technicians.look),
    // Those whose turn has come to power on.
    queue.every('power', POWER_MS, () => wakeAll(queue, grantWaiting(database))),
    queue.every('cold starts', COLD_STARTS_MS, () => wakeAll(queue, advanceColdStarts(database))),
    queue.every('undo incidents', UNDO_INCIDENTS_MS, async () => {
      await closeUndoIncidents(database);
    }),
    queue.every('forget', FORGET_MS, async () => {
      await forgetOld(database);
    }),
  ];
  return async () => {
    for (const stop of stops) await stop();
    await technicians.close();
  };
}

async function wakeAll(queue: Pick<WakeUpQueue, 'wakeUp'>, due: Promise<OperationId[]>): Promise<void> {
  for (const operationId of await due) await queue.wakeUp(operationId);
}

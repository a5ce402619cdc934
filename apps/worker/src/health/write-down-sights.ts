// Writes down what this process sees of the clusters' Nodes: whole and every few seconds, so that no event matters alone.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { Log } from '../needs.ts';
import type { NodeReading, NodesInSight } from '../node-watch/node-list.ts';
import { sayWhy } from '../say-why.ts';

export type Sight = { clusterId: ClusterId; sees: boolean; why: string };

export type SightsNeeds = {
  clusters(): Promise<ClusterId[]>;
  /** Connects and begins to watch where that was not done. */
  sight(clusterId: ClusterId): Promise<NodesInSight>;
  noteNodes(clusterId: ClusterId, nodes: readonly NodeReading[]): Promise<void>;
  noteSights(sights: readonly Sight[]): Promise<void>;
  log: Log;
};

/** One cluster that does not answer holds up no other. */
export async function writeDownSights(needs: SightsNeeds): Promise<void> {
  const inUse = await needs.clusters();
  await needs.noteSights(await Promise.all(inUse.map((clusterId) => writeDownOne(clusterId, needs))));
}

async function writeDownOne(clusterId: ClusterId, { sight, noteNodes, log }: SightsNeeds): Promise<Sight> {
  try {
    const seen = await sight(clusterId);
    if (!seen.sees) return { clusterId, ...seen };
    await noteNodes(
      clusterId,
      seen.nodes.map(({ reading }) => reading),
    );
    return { clusterId, sees: true, why: '' };
  } catch (thrown) {
    const why = sayWhy(thrown);
    log.warn({ clusterId, because: why }, 'cluster not seen');
    return { clusterId, sees: false, why };
  }
}

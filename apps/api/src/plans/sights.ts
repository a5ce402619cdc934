// What a plan sees of clusters and images, and the lines of it that are compared before the plan is carried out.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import { sightBasis } from '@rackwright/domain/plans/cluster-sight.ts';
import type { PlanCluster } from '@rackwright/domain/plans/plan-subject.ts';
import type { SeeCluster, Sight } from '../plan-needs.ts';

/** `emptied`: nodes whose pods are looked at. `only`: the names that matter, all unless told. */
export type ClustersToSee = Map<ClusterId, { emptied: string[]; only?: string[] }>;

/** Clusters looked at together: each is a connection. */
const SEEN_AT_ONCE = 8;

/** All clusters on file; those that are not to be seen with a sight of nothing. */
export async function seeClusters(
  seeCluster: SeeCluster,
  onFile: readonly Omit<PlanCluster, 'sight'>[],
  toSee: ClustersToSee,
): Promise<PlanCluster[]> {
  const left = [...onFile];
  const seen: PlanCluster[] = [];
  const see = async (): Promise<void> => {
    for (let cluster = left.shift(); cluster !== undefined; cluster = left.shift()) {
      const wanted = toSee.get(cluster.id);
      const sight = wanted ? await seeCluster(cluster.id, wanted.emptied) : ({ seen: 'unknown', why: 'not looked at' } as const);
      seen.push({ ...cluster, sight });
    }
  };
  await Promise.all(Array.from({ length: SEEN_AT_ONCE }, see));
  return seen;
}

export function sightsOf(
  clusters: readonly PlanCluster[],
  toSee: ClustersToSee,
  images: ReadonlyMap<string, number>,
  params: Record<string, unknown>,
): Record<string, Sight> {
  const sights: Record<string, Sight> = {};
  for (const { id, name, sight } of clusters) {
    const wanted = toSee.get(id);
    if (!wanted) continue;
    const { only } = wanted;
    sights[id] = { name, lines: sightBasis(sight, only), ...(only ? { only } : {}) };
  }
  const digest = params['imageDigest'];
  if (typeof digest !== 'string') return sights;
  const bytes = images.get(digest);
  return { ...sights, image: { name: digest, lines: bytes === undefined ? [] : [`the image has ${bytes} bytes`] } };
}

// Making a plan: choose the servers, look at the clusters that they belong to, let the rules say what would happen, write it down.
import type { NewPlanBody } from '@rackwright/api-contract/resources/plan.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { type ClusterId, makeId } from '@rackwright/domain/ids.ts';
import { sightBasis } from '@rackwright/domain/plans/cluster-sight.ts';
import { planAll } from '@rackwright/domain/plans/plan-all.ts';
import { PLANNERS } from '@rackwright/domain/plans/planners/planners.ts';
import type { PlanCluster, PlanSubject, PlanWorld } from '@rackwright/domain/plans/plan-subject.ts';
import { isOperationEvent, type OperationEvent, workflowBegunBy } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import type { ApiNeeds } from '../needs.ts';
import type { PlanRecord, SeeCluster, Selection, Sight } from '../plan-needs.ts';

type Needs = Pick<ApiNeeds, 'inventory' | 'clock' | 'random' | 'seeCluster'>;

/** Clusters looked at together: each is a connection. */
const SEEN_AT_ONCE = 8;

/** Refusals `operation_not_plannable`, `too_many_servers`, `nothing_chosen`, `not_found`. Changes nothing but adds the plan. */
export async function makePlan(needs: Needs, body: NewPlanBody, selection: Selection, by: string): Promise<PlanRecord> {
  const { plans } = needs.inventory;
  const { type, params, reason } = body.operation;
  const workflow = workflowBegunBy(type);
  if (!isOperationEvent(type) || workflow === undefined) throw new Refusal('operation_not_plannable', { type });
  const event: OperationEvent = type;
  const subjects = await plans.choose(selection);
  const target = (params as { clusterId?: ClusterId }).clusterId;
  const onFile = await plans.world(workflow, target);

  const wanted = nodesToSee(subjects, PLANNERS[workflow].takesOut === 'no' ? undefined : 'theirs', target);
  const clusters = await seeClusters(needs.seeCluster, onFile.clusters, wanted);
  const world: PlanWorld = { ...onFile, clusters: new Map(clusters.map((cluster) => [cluster.id, cluster])) };
  const asked = { event, params, waves: body.waves };
  return plans.create(makeId('plan', needs.clock.now(), needs.random(10)), {
    ...asked,
    reason,
    requestedBy: by,
    selection,
    ...planAll(subjects, asked, world),
    sights: sightsOf(
      clusters.filter(({ id }) => wanted.has(id)),
      world,
      params,
    ),
    lastsSeconds: body.lastsMinutes * 60,
  });
}

/** What a plan saw, seen again: for its execution. Pods come and go, so they are not looked at. */
export async function seeAgain(
  { inventory, seeCluster }: Needs,
  { event, params, sights }: PlanRecord,
): Promise<Record<string, Sight>> {
  const workflow = workflowBegunBy(event);
  if (workflow === undefined) return {};
  const onFile = await inventory.plans.world(workflow, undefined);
  const wanted = new Map(Object.keys(sights).map((key) => [key as ClusterId, []]));
  const clusters = await seeClusters(seeCluster, onFile.clusters, wanted);
  return sightsOf(
    clusters.filter(({ id }) => wanted.has(id)),
    { images: onFile.images },
    params,
  );
}

/** Node names by cluster; a cluster that is only joined is looked at for its nodes. */
function nodesToSee(
  subjects: readonly PlanSubject[],
  which: 'theirs' | undefined,
  target: ClusterId | undefined,
): Map<ClusterId, string[]> {
  const wanted = new Map<ClusterId, string[]>();
  if (target !== undefined) wanted.set(target, []);
  for (const { assignment } of which === undefined ? [] : subjects) {
    if (!assignment?.clusterId) continue;
    wanted.set(assignment.clusterId, [...(wanted.get(assignment.clusterId) ?? []), assignment.nodeName]);
  }
  return wanted;
}

async function seeClusters(
  seeCluster: SeeCluster,
  onFile: readonly Omit<PlanCluster, 'sight'>[],
  wanted: ReadonlyMap<ClusterId, readonly string[]>,
): Promise<PlanCluster[]> {
  const left = onFile.map((cluster) => ({ cluster, nodeNames: wanted.get(cluster.id) }));
  const seen: PlanCluster[] = [];
  const see = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { cluster, nodeNames } = next;
      const sight = nodeNames ? await seeCluster(cluster.id, nodeNames) : ({ seen: 'unknown', why: 'not looked at' } as const);
      seen.push({ ...cluster, sight });
    }
  };
  await Promise.all(Array.from({ length: SEEN_AT_ONCE }, see));
  return seen;
}

function sightsOf(
  clusters: readonly PlanCluster[],
  { images }: Pick<PlanWorld, 'images'>,
  params: Record<string, unknown>,
): Record<string, Sight> {
  const sights = Object.fromEntries(
    clusters.map(({ id, name, sight }): [string, Sight] => [id, { name, lines: sightBasis(sight) }]),
  );
  const digest = params['imageDigest'];
  if (typeof digest !== 'string') return sights;
  const bytes = images.get(digest);
  return { ...sights, image: { name: digest, lines: bytes === undefined ? [] : [`the image has ${bytes} bytes`] } };
}

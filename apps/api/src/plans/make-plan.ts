// Making a plan: choose the servers, look at the clusters that they belong to, let the rules say what would happen, write it down.
import type { NewPlanBody } from '@rackwright/api-contract/resources/plan.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { type ClusterId, makeId } from '@rackwright/domain/ids.ts';
import { planAll } from '@rackwright/domain/plans/plan-all.ts';
import { nodeNameFor } from '@rackwright/domain/plans/planners/plan-provision.ts';
import { PLANNERS } from '@rackwright/domain/plans/planners/planners.ts';
import type { PlanSubject, PlanWorld } from '@rackwright/domain/plans/plan-subject.ts';
import { isOperationEvent, workflowBegunBy } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import type { ApiNeeds } from '../needs.ts';
import type { PlanRecord, Selection, Sight } from '../plan-needs.ts';
import { type ClustersToSee, seeClusters, sightsOf } from './sights.ts';

type Needs = Pick<ApiNeeds, 'inventory' | 'clock' | 'random' | 'seeCluster'>;

/** Refusals `operation_not_plannable`, `too_many_servers`, `nothing_chosen`, `not_found`. Changes nothing but adds the plan. */
export async function makePlan(needs: Needs, body: NewPlanBody, selection: Selection, by: string): Promise<PlanRecord> {
  const { plans } = needs.inventory;
  const { type: event, params, reason } = body.operation;
  const workflow = workflowBegunBy(event);
  if (!isOperationEvent(event) || workflow === undefined) throw new Refusal('operation_not_plannable', { type: event });
  const subjects = await plans.choose(selection);
  const target = (params as { clusterId?: ClusterId }).clusterId;
  const onFile = await plans.world(workflow, target);

  const toSee = PLANNERS[workflow].takesOut === 'no' ? joinedBy(subjects, target, params) : leftBy(subjects);
  const clusters = await seeClusters(needs.seeCluster, onFile.clusters, toSee);
  const world: PlanWorld = { ...onFile, clusters: new Map(clusters.map((cluster) => [cluster.id, cluster])) };
  const asked = { event, params, waves: body.waves };
  return plans.create(makeId('plan', needs.clock.now(), needs.random(10)), {
    ...asked,
    reason,
    requestedBy: by,
    selection,
    ...planAll(subjects, asked, world),
    sights: sightsOf(clusters, toSee, onFile.images, params),
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
  const toSee: ClustersToSee = new Map(
    Object.entries(sights).map(([id, { only }]) => [id as ClusterId, { emptied: [], ...(only ? { only } : {}) }]),
  );
  return sightsOf(await seeClusters(seeCluster, onFile.clusters, toSee), toSee, onFile.images, params);
}

/** The clusters of these servers, whose nodes go. */
function leftBy(subjects: readonly PlanSubject[]): ClustersToSee {
  const toSee: ClustersToSee = new Map();
  for (const { assignment } of subjects) {
    if (!assignment?.clusterId) continue;
    const cluster = toSee.get(assignment.clusterId) ?? { emptied: [] };
    cluster.emptied.push(assignment.nodeName);
    toSee.set(assignment.clusterId, cluster);
  }
  return toSee;
}

/** The cluster that these servers join: only the names that they take matter there. */
function joinedBy(
  subjects: readonly PlanSubject[],
  target: ClusterId | undefined,
  params: Record<string, unknown>,
): ClustersToSee {
  if (target === undefined) return new Map();
  const only = [...new Set(subjects.map((subject) => nodeNameFor(subject, params)))];
  return new Map([[target, { emptied: [], only }]]);
}

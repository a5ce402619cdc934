// One operation on one server, told before it is done: what runs, what is in the way, who is drained, what is lost.
import { next, type WorkflowName, workflowOf } from '../server-lifecycle/table.ts';
import { missingFor, type OperationEvent, workflowBegunBy } from '../server-lifecycle/missing-for.ts';
import { type DrainOutlook, placesLeft, type PodOnNode, type Quorum, quorumOf, type SeenNode } from './cluster-sight.ts';
import { ourNode } from './own-node.ts';
import type { Blocked, DiskDeed, Params, Planner } from './planners/planner.ts';
import { PLANNERS } from './planners/planners.ts';
import type { PlanSubject, PlanWorld } from './plan-subject.ts';

export type PlannedStep = { name: string; expectedSeconds: number | null };
export type ExpectedDuration = { seconds: number; basis: 'measured' | 'default'; samples: number };

export type PlannedDrain = {
  policy: string;
  outlook: 'unknown' | 'seen';
  /** Why nothing is known of its pods. */
  why: string | null;
  evicted: number;
  staying: number;
  leaving: number;
  /** Pods whose eviction would be refused now, at most twenty, and how many there are. */
  blockers: { pod: string; budgets: string[]; heldBy: string }[];
  blocked: number;
};

export type PlannedQuorum = { before: Quorum; after: Quorum };

export type PlannedOperation = {
  workflow: WorkflowName;
  runs: boolean;
  blocked: Blocked[];
  /** What does not keep it from beginning, and may well keep it from ending. */
  hazards: Blocked[];
  steps: PlannedStep[];
  expected: ExpectedDuration;
  disks: DiskDeed[];
  cluster: { id: string; name: string; node: string; sight: 'now' | 'unknown' } | null;
  drain: PlannedDrain | null;
  /** Null: it is no control plane; `unknown`: nobody could say. */
  quorum: PlannedQuorum | 'unknown' | null;
};

const MOST_BLOCKERS = 20;

/** @param gone  names of nodes per cluster that other items of the same plan may have taken out by then */
export function planOperation(
  subject: PlanSubject,
  event: OperationEvent,
  params: Params,
  world: PlanWorld,
  gone: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): PlannedOperation {
  const workflow = workflowOfMove(subject, event);
  const planner = PLANNERS[workflow];
  const leaving = leaves(subject, planner, world);
  const drain = planDrain(subject, planner, params, world);
  const consequences = leaving ? clusterConsequences(leaving, drain, gone.get(leaving.cluster.id)) : NO_CONSEQUENCES;
  // Whoever takes a whole cluster down is told, and not stopped.
  const accepted = (code: string): boolean => code === 'quorum_at_risk' && params['controlPlane'] === 'ignore';
  const stopped = consequences.blocked.filter(({ code }) => !accepted(code));
  const blocked = [...inTheWay(subject, event, planner, params, world), ...stopped];
  return {
    workflow,
    runs: blocked.length === 0,
    blocked,
    hazards: [
      ...drainHazards(drain, leaving),
      ...consequences.blocked.filter(({ code }) => accepted(code)),
      ...consequences.hazards,
    ],
    ...steps(subject, planner, params, world, workflow),
    disks: planner.disks(subject, params, world),
    cluster: leaving && {
      id: leaving.cluster.id,
      name: leaving.cluster.name,
      node: leaving.node,
      sight: leaving.cluster.sight.seen,
    },
    drain,
    quorum: consequences.quorum,
  };
}

function workflowOfMove({ state }: PlanSubject, event: OperationEvent): WorkflowName {
  const to = next(state, event);
  const workflow = (to && workflowOf(to)?.name) ?? workflowBegunBy(event);
  if (workflow === undefined) throw new Error(`no move of the table begins a workflow by ${event}`);
  return workflow;
}

function inTheWay(subject: PlanSubject, event: OperationEvent, planner: Planner, params: Params, world: PlanWorld): Blocked[] {
  const { state, name, holder } = subject;
  if (holder) return [{ code: 'operation_in_progress', facts: { operationId: holder.operationId, type: holder.type } }];
  const to = next(state, event);
  // What the table closes at once runs no workflow: it is asked of the server itself.
  if (to === undefined || !workflowOf(to)) return [{ code: 'not_allowed_in_state', facts: { state, event } }];
  const missing = missingFor(event, subject).map((code) => ({ code, facts: { server: name } }));
  const refused = planner.refusals(subject, params, world).filter(({ code }) => !missing.some((known) => known.code === code));
  return [...missing, ...refused];
}

type Leaving = { cluster: NonNullable<ReturnType<PlanWorld['clusters']['get']>>; node: string };

/** The cluster that loses this node, if one does. */
function leaves(subject: PlanSubject, { takesOut }: Planner, world: PlanWorld): Leaving | null {
  const clusterId = subject.assignment?.clusterId ?? null;
  const cluster = clusterId === null ? undefined : world.clusters.get(clusterId);
  const node = ourNode(subject, world);
  return takesOut === 'no' || !cluster || !node ? null : { cluster, node: node.name };
}

function planDrain(subject: PlanSubject, planner: Planner, params: Params, world: PlanWorld): PlannedDrain | null {
  const policy = planner.drain(params);
  const leaving = leaves(subject, planner, world);
  // A kubelet that does not answer can confirm no pod's end: such a node is fenced without a drain.
  if (policy === undefined || !leaving || !ourNode(subject, world)?.ready || subject.assignment?.nodeUid === null) return null;
  const { sight } = leaving.cluster;
  const nothing = { evicted: 0, staying: 0, leaving: 0, blockers: [], blocked: 0 };
  if (sight.seen === 'unknown') return { policy, outlook: 'unknown', why: sight.why, ...nothing };
  const outlook = sight.drains.get(leaving.node);
  if (!outlook) return { policy, outlook: 'unknown', why: sight.podsUnknown ?? 'its pods were not looked at', ...nothing };
  return { policy, outlook: 'seen', why: null, ...count(outlook) };
}

function count({ evicted, staying, leaving }: DrainOutlook) {
  const held = evicted.filter((pod): pod is PodOnNode & { heldBy: string } => pod.heldBy !== null);
  const blockers = held.slice(0, MOST_BLOCKERS).map(({ pod, budgets, heldBy }) => ({ pod, budgets: [...budgets], heldBy }));
  return { evicted: evicted.length, staying, leaving, blockers, blocked: held.length };
}

function drainHazards(drain: PlannedDrain | null, leaving: Leaving | null): Blocked[] {
  // Of a cluster that was not seen at all it is said with its quorum.
  if (drain?.why != null && leaving?.cluster.sight.seen === 'now')
    return [{ code: 'cluster_not_seen', facts: { cluster: leaving.cluster.name, because: drain.why } }];
  const first = drain?.blockers[0];
  if (!drain || !first) return [];
  const facts = { pods: drain.blocked, pod: first.pod, budget: first.budgets[0] ?? null, policy: drain.policy };
  return [{ code: 'eviction_blocked', facts }];
}

type Consequences = { blocked: Blocked[]; hazards: Blocked[]; quorum: PlannedOperation['quorum'] };
const NO_CONSEQUENCES: Consequences = { blocked: [], hazards: [], quorum: null };

function clusterConsequences(
  { cluster, node }: Leaving,
  drain: PlannedDrain | null,
  earlier: ReadonlySet<string> = new Set(),
): Consequences {
  const { sight } = cluster;
  if (sight.seen === 'unknown') {
    const unseen = { code: 'cluster_not_seen', facts: { cluster: cluster.name, because: sight.why } };
    return { blocked: [], hazards: [unseen], quorum: 'unknown' };
  }
  const quorum = quorumWithout(sight.nodes, node, earlier);
  const blocked: Blocked[] = [];
  if (quorum && !quorum.after.holds) {
    const { ready, needed, members } = quorum.after;
    blocked.push({ code: 'quorum_at_risk', facts: { cluster: cluster.name, node, ready, needed, members } });
  }
  const noPlace = drain !== null && drain.evicted > 0 && placesLeft(sight.nodes, new Set([...earlier, node])) === 0;
  const capacity = { code: 'no_capacity', facts: { cluster: cluster.name, pods: drain?.evicted ?? 0 } };
  if (noPlace && drain?.policy !== 'force') blocked.push(capacity);
  return { blocked, hazards: noPlace && drain?.policy === 'force' ? [capacity] : [], quorum };
}

function quorumWithout(nodes: readonly SeenNode[], node: string, earlier: ReadonlySet<string>): PlannedQuorum | null {
  if (!nodes.some(({ name, controlPlane }) => name === node && controlPlane)) return null;
  return { before: quorumOf(nodes, earlier), after: quorumOf(nodes, new Set([...earlier, node])) };
}

function steps(subject: PlanSubject, planner: Planner, params: Params, world: PlanWorld, workflow: WorkflowName) {
  const history = world.history.get(workflow);
  const planned = planner.steps(subject, params, world).map((name) => ({
    name,
    expectedSeconds: history?.steps.get(name) ?? null,
  }));
  const expected: ExpectedDuration = history?.whole
    ? { ...history.whole, basis: 'measured' }
    : { seconds: planner.defaultMinutes * 60, basis: 'default', samples: 0 };
  return { steps: planned, expected };
}

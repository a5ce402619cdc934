// A plan over many servers: each item as if the items before it had happened, and what all of them together mean.
import type { OperationEvent } from '../server-lifecycle/missing-for.ts';
import { quorumOf, type Quorum } from './cluster-sight.ts';
import { nodeNameFor } from './planners/plan-provision.ts';
import type { Params } from './planners/planner.ts';
import { PLANNERS } from './planners/planners.ts';
import { type PlannedOperation, planOperation } from './plan-operation.ts';
import { nodeKey, type PlanSubject, type PlanWorld } from './plan-subject.ts';
import type { Waves } from './waves.ts';

export type PlanAsked = { event: OperationEvent; params: Params; waves: Waves };
export type PlanItem = { subject: PlanSubject; planned: PlannedOperation };

/** How many serving nodes that may fail together are out: at the same time while it runs, and when all is done. */
export type DomainEffect = {
  domain: 'cluster' | 'rack' | 'feed';
  name: string;
  serving: number;
  outAtOnce: number;
  outAfter: number;
};
export type ClusterEffect = {
  id: string;
  name: string;
  sight: 'now' | 'unknown';
  quorum: { before: Quorum; after: Quorum } | null;
};

export type PlanSummary = {
  total: number;
  runs: number;
  blocked: { code: string; servers: number }[];
  hazards: { code: string; servers: number }[];
  clusters: ClusterEffect[];
  domains: DomainEffect[];
  disks: { written: number; erased: number };
  /** Nodes that are emptied, the pods that go, and those that a budget would hold now: at most twenty budgets, the fullest first. */
  drains: { nodes: number; unseen: number; pods: number; blocked: number; budgets: { budget: string; pods: number }[] };
  /** Of the whole, in waves; `default` when any part of it is. */
  expected: { seconds: number; basis: 'measured' | 'default' };
};

export function planAll(
  subjects: readonly PlanSubject[],
  { event, params, waves }: PlanAsked,
  world: PlanWorld,
): { items: PlanItem[]; summary: PlanSummary } {
  const gone = new Map<string, Set<string>>();
  const nodeNames = new Map(world.nodeNames);
  const items = subjects.map((subject): PlanItem => {
    const planned = planOperation(subject, event, params, { ...world, nodeNames }, gone);
    if (planned.runs) note(subject, planned, { event, params, waves }, gone, nodeNames);
    return { subject, planned };
  });
  return { items, summary: summarise(items, waves, world, gone) };
}

/** From here on the next items see what this one will have done. */
function note(
  subject: PlanSubject,
  planned: PlannedOperation,
  { params, waves }: PlanAsked,
  gone: Map<string, Set<string>>,
  nodeNames: Map<string, { serverId: PlanSubject['id']; server: string }>,
): void {
  const { cluster, workflow } = planned;
  if (cluster) {
    const away = gone.get(cluster.id) ?? new Set();
    if (mayStillBeAway(planned, waves, away)) gone.set(cluster.id, away.add(cluster.node));
  }
  const clusterId = (params as { clusterId?: NonNullable<PlanSubject['assignment']>['clusterId'] }).clusterId;
  if (workflow === 'provision-server' && clusterId)
    nodeNames.set(nodeKey(clusterId, nodeNameFor(subject, params)), { serverId: subject.id, server: subject.name });
}

/** What comes back by itself is away only beside as many others as run at once; each control plane may be one of those. */
function mayStillBeAway({ workflow, quorum }: PlannedOperation, { parallelism }: Waves, away: ReadonlySet<string>): boolean {
  if (PLANNERS[workflow].takesOut === 'for_good') return true;
  return parallelism > 1 && (quorum !== null || away.size < parallelism - 1);
}

function summarise(
  items: readonly PlanItem[],
  waves: Waves,
  world: PlanWorld,
  gone: ReadonlyMap<string, ReadonlySet<string>>,
): PlanSummary {
  const running = items.filter(({ planned }) => planned.runs);
  const disks = running.flatMap(({ planned }) => planned.disks);
  return {
    total: items.length,
    runs: running.length,
    blocked: tally(items.flatMap(({ planned }) => [...new Set(planned.blocked.map(({ code }) => code))])),
    hazards: tally(running.flatMap(({ planned }) => [...new Set(planned.hazards.map(({ code }) => code))])),
    clusters: clusterEffects(items, world, gone),
    domains: domainEffects(running, waves, world),
    disks: {
      written: disks.filter(({ deed }) => deed === 'write').length,
      erased: disks.filter(({ deed }) => deed === 'erase').length,
    },
    drains: drainsOf(running),
    expected: expectedInWaves(running, waves),
  };
}

const MOST_BUDGETS = 20;

function drainsOf(running: readonly PlanItem[]): PlanSummary['drains'] {
  const drains = running.flatMap(({ planned }) => planned.drain ?? []);
  const sum = (count: (drain: (typeof drains)[number]) => number) => drains.reduce((total, drain) => total + count(drain), 0);
  const held = tally(drains.flatMap(({ blockers }) => blockers.flatMap(({ budgets }) => budgets)));
  return {
    nodes: drains.length,
    unseen: drains.filter(({ outlook }) => outlook === 'unknown').length,
    pods: sum(({ evicted }) => evicted),
    blocked: sum(({ blocked }) => blocked),
    budgets: held.slice(0, MOST_BUDGETS).map(({ code, servers }) => ({ budget: code, pods: servers })),
  };
}

function tally(codes: readonly string[]): { code: string; servers: number }[] {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, servers]) => ({ code, servers })).toSorted((a, b) => b.servers - a.servers);
}

function clusterEffects(
  items: readonly PlanItem[],
  world: PlanWorld,
  gone: ReadonlyMap<string, ReadonlySet<string>>,
): ClusterEffect[] {
  const touched = new Set(items.flatMap(({ planned }) => (planned.cluster ? [planned.cluster.id] : [])));
  return [...world.clusters.values()]
    .filter(({ id }) => touched.has(id))
    .map(({ id, name, sight }) => {
      if (sight.seen === 'unknown') return { id, name, sight: 'unknown', quorum: null };
      const before = quorumOf(sight.nodes);
      const quorum = before.members === 0 ? null : { before, after: quorumOf(sight.nodes, gone.get(id)) };
      return { id, name, sight: 'now', quorum };
    });
}

function domainEffects(running: readonly PlanItem[], waves: Waves, world: PlanWorld): DomainEffect[] {
  const effects = new Map<string, DomainEffect>();
  const add = (domain: DomainEffect['domain'], key: string, name: string, stays: boolean): void => {
    const id = `${domain} ${name}`;
    const effect = effects.get(id) ?? { domain, name, serving: world.serving.get(key) ?? 0, outAtOnce: 0, outAfter: 0 };
    const most = domain === 'cluster' ? waves.parallelism : Math.min(waves.parallelism, waves.perRack ?? Infinity);
    effect.outAtOnce = stays ? effect.outAtOnce + 1 : Math.min(effect.outAtOnce + 1, most);
    effect.outAfter += stays ? 1 : 0;
    effects.set(id, effect);
  };
  for (const { subject, planned } of running) {
    if (!planned.cluster) continue;
    const stays = PLANNERS[planned.workflow].takesOut === 'for_good';
    add('cluster', `cluster ${planned.cluster.id}`, planned.cluster.name, stays);
    if (subject.rackId === null) continue;
    const rack = subject.rackName ?? subject.rackId;
    add('rack', `rack ${subject.rackId}`, rack, stays);
    for (const feed of subject.powerFeeds) add('feed', `rack ${subject.rackId}`, `${rack}/${feed}`, stays);
  }
  return [...effects.values()];
}

/** The canary, then rounds of as many as fit at once; a rack's own limit may make it longer than its share. */
function expectedInWaves(running: readonly PlanItem[], waves: Waves): PlanSummary['expected'] {
  if (running.length === 0) return { seconds: 0, basis: 'measured' };
  const each = Math.max(...running.map(({ planned }) => planned.expected.seconds));
  const canary = Math.min(waves.canary, running.length);
  const rest = running.length - canary;
  const perRack = new Map<string, number>();
  for (const { subject } of running) perRack.set(subject.rackId ?? '', (perRack.get(subject.rackId ?? '') ?? 0) + 1);
  const byRack = waves.perRack === null ? 0 : Math.ceil(Math.max(...perRack.values()) / waves.perRack);
  const rounds = Math.max(Math.ceil(rest / waves.parallelism), byRack - (canary > 0 ? 1 : 0), 0) + (canary > 0 ? 1 : 0);
  const basis = running.every(({ planned }) => planned.expected.basis === 'measured') ? 'measured' : 'default';
  return { seconds: rounds * each + Math.max(0, rounds - 1) * waves.pauseBetweenSeconds, basis };
}

// What plans say before anything is done: what is in the way, who is drained, what a quorum bears, and what has changed since.
import { expect, test } from 'vitest';
import type { ClusterId, ServerId } from '../ids.ts';
import { type DrainOutlook, type SeenNode, sightBasis } from './cluster-sight.ts';
import { planAll } from './plan-all.ts';
import { clusterChanges, serverChanges } from './plan-changes.ts';
import { planOperation } from './plan-operation.ts';
import { basisOf, nodeKey, type PlanSubject, type PlanWorld } from './plan-subject.ts';

const CLUSTER = 'cls_1' as ClusterId;
const disk = (serial: string, sizeBytes: number) =>
  ({ name: 'sda', serial, wwn: '', model: 'M', sizeBytes, rotational: false, kind: 'ssd' }) as const;

const available = (n: number, change: Partial<PlanSubject> = {}): PlanSubject => ({
  id: `srv_${n}` as ServerId,
  name: `U${n}`,
  state: 'available',
  version: 3,
  rackId: 'rck_1',
  rackName: 'R1',
  powerFeeds: ['A', 'B'],
  bmc: {},
  hasBmcCredentials: true,
  nics: [{ boot: true }],
  networkId: 'net_1',
  address: '10.0.0.1',
  hardware: { digest: 'd1', disks: [disk('SSD-1', 4_000), disk('SSD-2', 9_000)] },
  assignment: null,
  holder: null,
  ...change,
});
const serving = (n: number, change: Partial<PlanSubject> = {}): PlanSubject =>
  available(n, {
    state: 'in_service',
    assignment: { clusterId: CLUSTER, nodeName: `u${n}`, nodeUid: `uid-${n}`, imageDigest: 'img', rootDiskSerial: 'SSD-1' },
    ...change,
  });
const node = (n: number, change: Partial<SeenNode> = {}): SeenNode => ({
  name: `u${n}`,
  uid: `uid-${n}`,
  ready: true,
  schedulable: true,
  controlPlane: false,
  serverId: `srv_${n}`,
  ...change,
});
const seeing = (nodes: SeenNode[], drains: Record<string, DrainOutlook> = {}): PlanWorld => ({
  images: new Map([['img', 1_000]]),
  clusters: new Map([
    [
      CLUSTER,
      { id: CLUSTER, name: 'prod', hasCredentials: true, sight: { seen: 'now', nodes, drains: new Map(Object.entries(drains)) } },
    ],
  ]),
  nodeNames: new Map(),
  history: new Map(),
  serving: new Map([
    ['cluster cls_1', nodes.length],
    ['rack rck_1', nodes.length],
  ]),
});
const BLIND: PlanWorld = {
  ...seeing([]),
  clusters: new Map([
    [CLUSTER, { id: CLUSTER, name: 'prod', hasCredentials: true, sight: { seen: 'unknown', why: 'kubernetes_unreachable' } }],
  ]),
};
const WAVES = { canary: 1, parallelism: 2, perRack: null, stopOnFailureRatio: 0.1, pauseBetweenSeconds: 0 };
const JOIN = { imageDigest: 'img', clusterId: CLUSTER };
const codes = (subject: PlanSubject, event: 'onboard' | 'provision' | 'release' | 'retire', params = {}, world = seeing([])) =>
  planOperation(subject, event, params, world).blocked.map(({ code }) => code);

test('what is in the way is named: state, another operation, what is missing on file', () => {
  expect(codes(serving(1), 'provision', JOIN)).toEqual(['not_allowed_in_state']);
  expect(codes(available(1, { holder: { operationId: 'op_1', type: 'onboard-server' } }), 'provision', JOIN)).toEqual([
    'operation_in_progress',
  ]);
  expect(codes(available(1, { bmc: null, address: null, hardware: null }), 'provision', JOIN)).toEqual([
    'bmc_missing',
    'boot_nic_missing',
    'hardware_not_accepted',
  ]);
  expect(codes(available(1, { hardware: null }), 'retire', { outcome: 'scrapped' })).toEqual(['hardware_not_accepted']);
  // Closed at once, without a workflow: asked of the server itself.
  expect(codes(available(1, { state: 'registered', hardware: null }), 'retire')).toEqual(['not_allowed_in_state']);
});

test('what provisioning itself would refuse is said before: image, disk, name, allocation, cluster', () => {
  expect(codes(available(1), 'provision', JOIN)).toEqual([]);
  expect(codes(available(1), 'provision', { imageDigest: 'other' })).toEqual(['image_unknown']);
  expect(codes(available(1, { hardware: { digest: 'd', disks: [disk('S', 10)] } }), 'provision', JOIN)).toEqual([
    'no_disk_large_enough',
  ]);
  const taken = {
    ...seeing([]),
    nodeNames: new Map([[nodeKey(CLUSTER, 'u1'), { serverId: 'srv_9' as ServerId, server: 'U9' }]]),
  };
  expect(codes(available(1), 'provision', JOIN, taken)).toEqual(['node_name_taken']);
  expect(codes(available(1), 'provision', JOIN, seeing([node(1, { serverId: null })]))).toEqual(['node_name_taken']);
  expect(codes(available(1, { assignment: serving(2).assignment }), 'provision', JOIN)).toEqual(['server_already_allocated']);
  expect(codes(available(1), 'provision', { ...JOIN, clusterId: 'cls_2' })).toEqual(['reference_not_found']);
});

test('two servers that would take the same node name: the second is blocked', () => {
  const { items } = planAll(
    [available(1), available(2)],
    { event: 'provision', params: { ...JOIN, nodeName: 'n' }, waves: WAVES },
    seeing([]),
  );
  expect(items.map(({ planned }) => planned.blocked.map(({ code }) => code))).toEqual([[], ['node_name_taken']]);
});

test('disks are named by serial: one is written, or all are erased', () => {
  expect(planOperation(available(1), 'provision', JOIN, seeing([])).disks).toMatchObject([{ serial: 'SSD-1', deed: 'write' }]);
  const world = seeing([node(1), node(2)]);
  expect(planOperation(serving(1), 'release', {}, world).disks.map(({ serial, deed }) => `${deed} ${serial}`)).toEqual([
    'erase SSD-1',
    'erase SSD-2',
  ]);
});

test('a drain names the pod and the budget that would hold it; without a Ready node there is none', () => {
  const drains = {
    u1: {
      evicted: [
        { pod: 'shop/db-0', budgets: ['shop/db-pdb'], heldBy: 'needs 1' },
        { pod: 'shop/web', budgets: [], heldBy: null },
      ],
      staying: 3,
      leaving: 0,
    },
  };
  const planned = planOperation(serving(1), 'release', {}, seeing([node(1), node(2)], drains));
  expect(planned).toMatchObject({
    runs: true,
    drain: {
      outlook: 'seen',
      policy: 'wait',
      evicted: 2,
      staying: 3,
      blocked: 1,
      blockers: [{ pod: 'shop/db-0', budgets: ['shop/db-pdb'] }],
    },
    hazards: [{ code: 'eviction_blocked', facts: { pod: 'shop/db-0', budget: 'shop/db-pdb' } }],
  });
  expect(planned.steps.map(({ name }) => name)).toContain('drain the node');
  const whole = planAll([serving(1)], { event: 'release', params: {}, waves: WAVES }, seeing([node(1), node(2)], drains));
  expect(whole.summary.drains).toEqual({
    nodes: 1,
    unseen: 0,
    pods: 2,
    blocked: 1,
    budgets: [{ budget: 'shop/db-pdb', pods: 1 }],
  });
  const dead = planOperation(serving(1), 'release', {}, seeing([node(1, { ready: false }), node(2)], drains));
  expect(dead.drain).toBeNull();
  expect(dead.steps.map(({ name }) => name)).not.toContain('drain the node');
});

test('an API server that is away is told as unknown, and hides neither drain nor quorum behind nothing', () => {
  const planned = planOperation(serving(1), 'release', {}, BLIND);
  expect(planned).toMatchObject({
    runs: true,
    drain: { outlook: 'unknown', why: 'kubernetes_unreachable' },
    quorum: 'unknown',
    hazards: [{ code: 'cluster_not_seen' }],
  });
  const { sight, ...cluster } = seeing([node(1), node(2)]).clusters.get(CLUSTER)!;
  const podless: PlanWorld = {
    ...BLIND,
    clusters: new Map([[CLUSTER, { ...cluster, sight: { ...sight, podsUnknown: 'kubernetes_forbidden' } as typeof sight }]]),
  };
  expect(planOperation(serving(1), 'release', {}, podless)).toMatchObject({
    drain: { outlook: 'unknown', why: 'kubernetes_forbidden' },
    quorum: null,
    hazards: [{ code: 'cluster_not_seen', facts: { because: 'kubernetes_forbidden' } }],
  });
});

test('pods that would have nowhere to go block, unless they may be lost', () => {
  const drains = { u1: { evicted: [{ pod: 'a/b', budgets: [], heldBy: null }], staying: 0, leaving: 0 } };
  expect(codes(serving(1), 'release', {}, seeing([node(1)], drains))).toEqual(['no_capacity']);
  expect(codes(serving(1), 'release', {}, seeing([node(1), node(2, { schedulable: false })], drains))).toEqual(['no_capacity']);
  expect(codes(serving(1), 'release', {}, seeing([node(1), node(2)], drains))).toEqual([]);
  const forced = planOperation(serving(1), 'release', { drain: { policy: 'force', minutes: 5 } }, seeing([node(1)], drains));
  expect(forced).toMatchObject({ runs: true, hazards: [{ code: 'no_capacity' }] });
});

test('control planes go as long as the quorum holds, over all of the plan', () => {
  const nodes = [1, 2, 3].map((n) => node(n, { controlPlane: true }));
  const world = seeing([...nodes, node(4)]);
  const one = planOperation(serving(1), 'release', {}, world);
  expect(one.quorum).toEqual({
    before: { members: 3, ready: 3, needed: 2, holds: true },
    after: { members: 3, ready: 2, needed: 2, holds: true },
  });
  const { items, summary } = planAll([serving(1), serving(2), serving(4)], { event: 'release', params: {}, waves: WAVES }, world);
  expect(items.map(({ planned }) => planned.blocked.map(({ code }) => code))).toEqual([[], ['quorum_at_risk'], []]);
  expect(summary.clusters).toMatchObject([
    { name: 'prod', sight: 'now', quorum: { before: { ready: 3 }, after: { ready: 2, holds: true } } },
  ]);
  const alreadyDown = seeing([nodes[0]!, nodes[1]!, { ...nodes[2]!, ready: false }]);
  expect(codes(serving(1), 'release', {}, alreadyDown)).toEqual(['quorum_at_risk']);
  // Whoever takes the whole cluster down is told all the same.
  const ignoring = planOperation(serving(1), 'release', { controlPlane: 'ignore' }, alreadyDown);
  expect(ignoring.runs).toBe(true);
  expect(ignoring.hazards).toContainEqual(expect.objectContaining({ code: 'quorum_at_risk' }));
});

test('what comes back by itself is away only beside as many others as run at once', () => {
  const drains = Object.fromEntries(
    [1, 2, 3, 4].map((n) => [`u${n}`, { evicted: [{ pod: `a/${n}`, budgets: [], heldBy: null }], staying: 0, leaving: 0 }]),
  );
  const world = seeing([node(1), node(2), node(3), node(4)], drains);
  const subjects = [1, 2, 3, 4].map((n) => serving(n));
  const reimage = (parallelism: number) =>
    planAll(subjects, { event: 'reimage', params: {}, waves: { ...WAVES, parallelism } }, world).summary;
  expect(reimage(2)).toMatchObject({ runs: 4, domains: [{ domain: 'cluster', outAtOnce: 2, outAfter: 0 }, {}, {}, {}] });
  expect(reimage(4)).toMatchObject({ runs: 3, blocked: [{ code: 'no_capacity', servers: 1 }] });

  const planes = seeing([1, 2, 3].map((n) => node(n, { controlPlane: true })));
  const three = subjects.slice(0, 3);
  const alone = planAll(three, { event: 'reimage', params: {}, waves: { ...WAVES, parallelism: 1 } }, planes);
  expect(alone.summary.runs).toBe(3);
  const together = planAll(three, { event: 'reimage', params: {}, waves: { ...WAVES, parallelism: 2 } }, planes);
  expect(together.summary).toMatchObject({ runs: 1, blocked: [{ code: 'quorum_at_risk', servers: 2 }] });
});

test('what may fail together: how many are out at once, and for good', () => {
  const world = seeing([node(1), node(2), node(3), node(4)]);
  const { summary } = planAll([serving(1), serving(2), serving(3)], { event: 'release', params: {}, waves: WAVES }, world);
  expect(summary.domains).toEqual([
    { domain: 'cluster', name: 'prod', serving: 4, outAtOnce: 3, outAfter: 3 },
    { domain: 'rack', name: 'R1', serving: 4, outAtOnce: 3, outAfter: 3 },
    { domain: 'feed', name: 'R1/A', serving: 4, outAtOnce: 3, outAfter: 3 },
    { domain: 'feed', name: 'R1/B', serving: 4, outAtOnce: 3, outAfter: 3 },
  ]);
  expect(summary.disks).toEqual({ written: 0, erased: 6 });
  const available5 = [1, 2, 3, 4, 5].map((n) => available(n));
  expect(planAll(available5, { event: 'provision', params: JOIN, waves: WAVES }, world).summary.domains).toEqual([]);
});

test('durations come from this site, or are said to be a guess', () => {
  const guessed = planAll([available(1), available(2)], { event: 'onboard', params: {}, waves: WAVES }, seeing([]));
  expect(guessed.summary.expected).toEqual({ seconds: 2 * 15 * 60, basis: 'default' });
  const history = new Map([
    ['onboard-server', { whole: { seconds: 60, samples: 7 }, steps: new Map([['power it off', 4]]) }],
  ] as const);
  const subjects = Array.from({ length: 8 }, (_, n) => available(n));
  const measured = planAll(
    subjects,
    { event: 'onboard', params: {}, waves: { ...WAVES, perRack: 1, pauseBetweenSeconds: 30 } },
    { ...seeing([]), history },
  );
  // One at a time in their one rack: eight rounds and seven pauses.
  expect(measured.summary.expected).toEqual({ seconds: 8 * 60 + 7 * 30, basis: 'measured' });
  const [first] = measured.items;
  expect(first?.planned.expected).toEqual({ seconds: 60, basis: 'measured', samples: 7 });
  expect(first?.planned.steps.find(({ name }) => name === 'power it off')?.expectedSeconds).toBe(4);
});

test('a cluster that is left matters whole; of one that is joined only the names that are taken', () => {
  const nodes = [node(1, { controlPlane: true }), node(2)];
  const sight = { seen: 'now', nodes, drains: new Map() } as const;
  expect(sightBasis(sight)).toEqual(['control plane ready u1 (uid-1)', 'node u2 (uid-2)']);
  expect(sightBasis(sight, ['u2', 'u3'])).toEqual(['node u2 (uid-2)']);
  expect(sightBasis({ seen: 'unknown', why: 'x' }, ['u2'])).toEqual(['the API server did not answer']);
});

test('what has changed since is named, server by server; what was blocked may change', () => {
  const planned = [1, 2, 3].map((n) => ({ serverId: `srv_${n}`, name: `U${n}`, runs: n !== 3, basis: basisOf(available(n)) }));
  const now = (subject: PlanSubject) => ({ serverId: subject.id, name: subject.name, basis: basisOf(subject) });
  expect(serverChanges(planned, [available(1), available(2), available(3)].map(now))).toEqual([]);
  expect(serverChanges(planned, [available(1), available(2)].map(now))).toEqual([]);
  const changed = serverChanges(planned, [
    now(available(1, { state: 'quarantined', version: 4, hardware: { digest: 'd2', disks: [] } })),
    now(available(4)),
  ]);
  expect(changed.map(({ code, name }) => `${name} ${code}`)).toEqual([
    'U1 state_changed',
    'U1 version_changed',
    'U1 hardware_changed',
    'U2 matches_no_more',
    'U4 matches_now',
  ]);
  expect(changed[0]?.message).toBe('state available is now quarantined');
  expect(
    clusterChanges('prod', ['node a (1)', 'node b (2)'], ['node a (1)', 'node c (3)']).map(({ message }) => message),
  ).toEqual(['no more: node b (2)', 'now: node c (3)']);
});

// A plan names the steps that a workflow really takes, in their order: each workflow is run, and its log compared with its plan.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import { planOperation } from '@rackwright/domain/plans/plan-operation.ts';
import type { PlanSubject, PlanWorld } from '@rackwright/domain/plans/plan-subject.ts';
import { PLANNERS } from '@rackwright/domain/plans/planners/planners.ts';
import { MOVES, type ServerState, workflowOf } from '@rackwright/domain/server-lifecycle/table.ts';
import { isErrand } from '@rackwright/domain/server-lifecycle/errands.ts';
import { isOperationEvent } from '@rackwright/domain/server-lifecycle/missing-for.ts';
import { drive } from '@rackwright/testkit/workflows/drive.ts';
import {
  exampleInspection,
  exampleServer,
  IMAGE,
  NEWER_IMAGE,
  simulatedWorld,
} from '@rackwright/testkit/world/simulated-world.ts';
import type { World } from '@rackwright/testkit/world/world.ts';
import { expect, test } from 'vitest';
import { WORKFLOWS } from './workflows.ts';

const NODE = 'r1-u01';
const CLUSTER: ClusterId = 'cls_1';
const assignment = { clusterId: CLUSTER, nodeName: NODE, imageDigest: IMAGE, rootDiskSerial: 'SSD-1', nodeUid: 'uid-1' };
const ready = { uid: 'uid-1', ready: true, unschedulable: false, labels: { 'rackwright.dev/server-id': 'srv_1' } };
const hardware = exampleInspection();
const installed = { 'SSD-1': IMAGE, 'HDD-1': 'foreign' } as const;

type Case = [what: string, state: ServerState, params: object, world: Partial<World>];
const CASES: Case[] = [
  ['onboard', 'registered', {}, {}],
  ['provision', 'available', { imageDigest: IMAGE, clusterId: CLUSTER }, { server: { ...exampleServer(), hardware } }],
  ['provision', 'available', { imageDigest: IMAGE }, { server: { ...exampleServer(), hardware } }],
  [
    'provision',
    'available',
    { imageDigest: IMAGE, clusterId: CLUSTER },
    { server: { ...exampleServer(), hardware }, nodes: { [NODE]: { ...ready, ready: false } }, power: 'on' },
  ],
  ['release', 'in_service', {}, { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: ready } }],
  [
    'release',
    'in_service',
    {},
    { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: { ...ready, ready: false } } },
  ],
  ['release', 'in_service', {}, { server: { ...exampleServer(), hardware, assignment }, power: 'on' }],
  [
    'release',
    'in_service',
    {},
    { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: ready }, controlPlane: threeMembers() },
  ],
  [
    'isolate',
    'in_service',
    { controlPlane: 'ignore' },
    { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: ready }, controlPlane: threeMembers() },
  ],
  ['release', 'in_service', {}, { server: { ...exampleServer(), hardware, assignment: { ...assignment, clusterId: null } } }],
  ['reimage', 'in_service', {}, { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: ready } }],
  [
    'reimage',
    'in_service',
    { imageDigest: NEWER_IMAGE },
    { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: { ...ready, ready: false } } },
  ],
  ['reimage', 'in_service', {}, { server: { ...exampleServer(), hardware, assignment: { ...assignment, clusterId: null } } }],
  ['retire', 'available', { outcome: 'scrapped' }, { server: { ...exampleServer(), hardware } }],
  [
    'retire',
    'quarantined',
    { outcome: 'scrapped' },
    {
      server: { ...exampleServer(), hardware, assignment: { ...assignment, nodeUid: null } },
      nodes: { [NODE]: ready },
      power: 'on',
    },
  ],
  ['isolate', 'in_service', {}, { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: ready } }],
  [
    'isolate',
    'in_service',
    { keepNode: false },
    { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: { ...ready, ready: false } } },
  ],
  [
    'isolate',
    'in_service',
    {},
    { server: { ...exampleServer(), hardware, assignment }, power: 'on', nodes: { [NODE]: { ...ready, ready: false } } },
  ],
  ['isolate', 'available', {}, { server: { ...exampleServer(), hardware } }],
  ['validate', 'in_repair', { burnIn: 'none' }, { server: { ...exampleServer(), hardware } }],
  ['validate', 'in_repair', {}, { server: { ...exampleServer(), hardware } }],
  [
    'validate',
    'in_repair',
    { cameFrom: 'in_service' },
    {
      server: { ...exampleServer(), hardware, assignment },
      disks: installed,
      nodes: { [NODE]: { ...ready, ready: false, unschedulable: true } },
    },
  ],
  [
    'remediate',
    'in_service',
    {},
    {
      server: { ...exampleServer(), assignment },
      power: 'on',
      disks: installed,
      nodes: { [NODE]: { ...ready, ready: false, bootId: 'b1' } },
    },
  ],
  [
    'remediate',
    'in_service',
    { first: 'power_cycle_bmc_reset' },
    {
      server: { ...exampleServer(), assignment },
      power: 'on',
      disks: installed,
      nodes: { [NODE]: { ...ready, ready: false, bootId: 'b1' } },
    },
  ],
  [
    'remediate',
    'in_service',
    {},
    { server: { ...exampleServer(), assignment: { ...assignment, clusterId: null } }, power: 'on' },
  ],
];

test.each(CASES)('%s from %s with %o', async (what, state, params, changes) => {
  const event = what as 'onboard';
  const sim = simulatedWorld(structuredClone(changes));
  const planned = planOperation(subjectOf(sim.world, state), event, { ...params }, worldOf(sim.world));
  expect(planned.blocked).toEqual([]);
  const { outcome, log } = await drive(WORKFLOWS[planned.workflow].run as never, sim, params);
  expect(outcome).toEqual({ kind: 'finished' });
  expect(planned.steps.map(({ name }) => name)).toEqual(log.steps().map(({ name }) => name));
});

test('every workflow that an operator can begin has a case here', () => {
  const begun = MOVES.filter(([, on]) => isOperationEvent(on)).flatMap(([, , to]) => workflowOf(to)?.name ?? []);
  const covered = CASES.map(([event]) => `${event}-server`);
  expect([...new Set(begun)].filter((name) => !covered.includes(name))).toEqual([]);
  // Errands change no state: there is nothing to plan.
  const planned = Object.keys(WORKFLOWS).filter((name) => !isErrand(name));
  expect(Object.keys(PLANNERS).sort()).toEqual(planned.sort());
});

function subjectOf({ server }: World, state: ServerState): PlanSubject {
  const { id, name, version, nics, networkId, address, assignment: allocated } = server;
  const { rackId, rackName, powerFeeds } = server.location;
  const counted = server.hardware && { digest: 'd', disks: server.hardware.disks };
  const place = { rackId, rackName, powerFeeds };
  const asked = { state, bmc: {}, hasBmcCredentials: true, nics, networkId, address, hardware: counted };
  return { id, name, version, ...place, ...asked, assignment: allocated, holder: null };
}

function threeMembers(): World['controlPlane'] {
  const names = [NODE, 'cp-2', 'cp-3'];
  return { etcd: [], nodes: names.map((name) => ({ name, controlPlane: true, ready: true, leaving: false })) };
}

function worldOf({ nodes, controlPlane }: World): PlanWorld {
  const others = controlPlane.nodes.filter(({ name }) => nodes[name] === undefined);
  const seen = Object.entries(nodes).map(([name, node]) => ({
    name,
    uid: node.uid,
    ready: node.ready,
    schedulable: !node.unschedulable,
    controlPlane: controlPlane.nodes.some((one) => one.name === name),
    serverId: node.labels['rackwright.dev/server-id'] ?? null,
  }));
  const away = others.map(({ name }) => ({
    name,
    uid: name,
    ready: true,
    schedulable: true,
    controlPlane: true,
    serverId: null,
  }));
  const sight = { seen: 'now', nodes: [...seen, ...away], drains: new Map() } as const;
  return {
    images: new Map([
      [IMAGE, 1_000],
      [NEWER_IMAGE, 1_000],
    ]),
    clusters: new Map([[CLUSTER, { id: CLUSTER, name: 'prod', hasCredentials: true, sight }]]),
    nodeNames: new Map(),
    history: new Map(),
    serving: new Map(),
  };
}

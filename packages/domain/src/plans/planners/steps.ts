// Steps that several workflows have, by the names under which they stand in an operation, and when each of them comes.
import { nodeNamed, ourNode } from '../own-node.ts';
import type { PlanSubject, PlanWorld } from '../plan-subject.ts';
import type { Params } from './planner.ts';

export const agentSteps = [
  'open a boot ticket',
  'wait for the boot services',
  'boot the agent from the network',
  'wait for the agent',
];
export const fenceSteps = ['power it off to fence', 'see it off', 'see it off again'];

export const erasingSteps = [
  'look up the disks that were taken out',
  ...agentSteps,
  'tell the agent to erase the disks',
  'wait for the agent to erase the disks',
  'record the erasures',
  'power it off',
  'close the boot ticket',
];

export const writingSteps = [
  ...agentSteps,
  'compare the hardware',
  'tell the agent to write the image',
  'wait for the agent to write the image',
  'close the boot ticket',
  'boot the installed disk',
];

export const joiningSteps = ['wait for the node to be Ready', 'note the node', 'label the node', 'delete the bootstrap token'];

export const isMember = ({ assignment }: PlanSubject): boolean => assignment?.clusterId != null;

export function findingSteps(subject: PlanSubject): string[] {
  return ['look up its cluster', ...(isMember(subject) ? ['find its Node'] : [])];
}

/** Drained only where a kubelet can confirm it; then the machine is off. */
export function leavingServiceSteps(subject: PlanSubject, params: Params, world: PlanWorld): string[] {
  const drains = ourNode(subject, world)?.ready && subject.assignment?.nodeUid != null;
  const emptying = drains ? ['cordon the node', 'drain the node'] : [];
  return [...guardedSteps(subject, params, world, emptying), 'note that it leaves service', ...fenceSteps];
}

/** Around the emptying of a node: asked before it, and of a control plane once more after it. */
export function guardedSteps(subject: PlanSubject, params: Params, world: PlanWorld, emptying: readonly string[]): string[] {
  const { assignment } = subject;
  if (!ourNode(subject, world) || params['controlPlane'] === 'ignore') return [...emptying];
  const again = nodeNamed(assignment?.nodeName ?? '', assignment?.clusterId, world)?.controlPlane === true;
  return [
    'see that the control plane can spare it',
    ...emptying,
    ...(again ? ['see that the control plane can still spare it'] : []),
  ];
}

export function leavingClusterSteps(subject: PlanSubject, world: PlanWorld): string[] {
  if (!isMember(subject)) return [];
  return [...(ourNode(subject, world) ? ['delete the Node object'] : []), 'revoke its credentials'];
}

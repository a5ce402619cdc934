// Isolating told beforehand: pods, power, and its Node kept unless told otherwise; no disk is touched.
import { ourNode } from '../own-node.ts';
import { drainAsAsked, type Planner } from './planner.ts';
import { fenceSteps, findingSteps, guardedSteps, isMember, leavingClusterSteps } from './steps.ts';

export const planIsolate: Planner = {
  // It comes back when somebody has repaired it, not by itself.
  takesOut: 'for_good',
  drain: drainAsAsked,
  defaultMinutes: 15,
  steps(subject, params, world) {
    const node = ourNode(subject, world);
    const before = guardedSteps(subject, params, world, node?.ready ? ['cordon the node', 'drain the node'] : []);
    const closing = node && !node.ready ? ['close its Node to new pods'] : [];
    const { keepNode = true } = params as { keepNode?: boolean };
    const leaves = isMember(subject) && !keepNode;
    const stranded = node && !node.ready ? ['remove its remaining pods by force'] : [];
    const leaving = leaves ? ['note that it leaves service', ...stranded, ...leavingClusterSteps(subject, world)] : stranded;
    return [...findingSteps(subject), ...before, 'begin to switch it off', ...closing, ...fenceSteps, ...leaving];
  },
  disks: () => [],
  refusals: () => [],
};

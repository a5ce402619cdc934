// Releasing told beforehand: pods, power, Node, and every disk erased.
import { everyDiskErased, hardwareRefusals } from './disks.ts';
import { drainAsAsked, type Planner } from './planner.ts';
import { erasingSteps, findingSteps, leavingClusterSteps, leavingServiceSteps } from './steps.ts';

export const planRelease: Planner = {
  takesOut: 'for_good',
  drain: drainAsAsked,
  defaultMinutes: 60,
  steps: (subject, params, world) => [
    ...findingSteps(subject),
    ...leavingServiceSteps(subject, params, world),
    ...leavingClusterSteps(subject, world),
    ...erasingSteps,
    'free the server',
  ],
  disks: everyDiskErased,
  refusals: hardwareRefusals,
};

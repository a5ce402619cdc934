// Retiring told beforehand: whatever it was a member of, then every disk erased with evidence.
import { everyDiskErased } from './disks.ts';
import type { Planner } from './planner.ts';
import { erasingSteps, fenceSteps, findingSteps, isMember, leavingClusterSteps } from './steps.ts';

export const planRetire: Planner = {
  takesOut: 'for_good',
  drain: () => undefined,
  defaultMinutes: 60,
  steps: (subject, _params, world) => [
    ...findingSteps(subject),
    ...(isMember(subject) ? [...fenceSteps, ...leavingClusterSteps(subject, world)] : []),
    ...erasingSteps,
    'free the server',
  ],
  disks: everyDiskErased,
  // The accepted count is asked for by every retirement already.
  refusals: () => [],
};

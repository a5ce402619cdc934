// Re-imaging told beforehand: the same host and name, the disk that was installed written again, all others kept.
import type { PlanSubject } from '../plan-subject.ts';
import { type Installation, installationRefusals, rootDiskWritten } from './disks.ts';
import { blockedBy, drainAsAsked, type Params, type Planner } from './planner.ts';
import { findingSteps, isMember, joiningSteps, leavingClusterSteps, leavingServiceSteps, writingSteps } from './steps.ts';

export const planReimage: Planner = {
  takesOut: 'meanwhile',
  drain: drainAsAsked,
  defaultMinutes: 30,
  steps: (subject, params, world) => [
    'check that it can be done',
    ...findingSteps(subject),
    ...(isMember(subject) ? ['remember what is written on its Node'] : []),
    ...leavingServiceSteps(subject, params, world),
    ...leavingClusterSteps(subject, world),
    'allocate the server',
    ...(isMember(subject) ? ['create the bootstrap token'] : []),
    ...writingSteps,
    ...(isMember(subject) ? joiningSteps : []),
  ],
  disks(subject, params, world) {
    const installation = installationOf(subject, params);
    return installation ? rootDiskWritten(subject, installation, world) : [];
  },
  refusals(subject, params, world) {
    const installation = installationOf(subject, params);
    if (!installation) return [blockedBy('nothing_installed', { server: subject.name })];
    return installationRefusals(subject, installation, world);
  },
};

/** The image that it has unless told; its disk is never chosen anew. */
function installationOf({ assignment }: PlanSubject, params: Params): Installation | undefined {
  if (!assignment) return undefined;
  const { imageDigest = assignment.imageDigest } = params as { imageDigest?: string };
  return { imageDigest, rootDiskSerial: assignment.rootDiskSerial };
}

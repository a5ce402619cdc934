// Provisioning told beforehand: which disk is written, whether its name is free, and whether an earlier Node is in the way.
import type { ClusterId } from '../../ids.ts';
import { nodeNamed } from '../own-node.ts';
import { nodeKey, type PlanSubject, type PlanWorld } from '../plan-subject.ts';
import { installationRefusals, rootDiskWritten } from './disks.ts';
import { type Blocked, blockedBy, type Params, type Planner } from './planner.ts';
import { fenceSteps, joiningSteps, writingSteps } from './steps.ts';

type Wish = { imageDigest: string; clusterId?: ClusterId; nodeName?: string; rootDiskSerial?: string };
const wishOf = (params: Params): Wish => params as Wish;

export const planProvision: Planner = {
  takesOut: 'no',
  drain: () => undefined,
  defaultMinutes: 30,
  steps(subject, params, world) {
    const { clusterId } = wishOf(params);
    const joins = clusterId !== undefined;
    const earlier = nodeNamed(nodeNameFor(subject, params), clusterId, world) !== undefined;
    return [
      'check that it can be done',
      'allocate the server',
      ...(joins ? ['look for an earlier Node'] : []),
      ...(earlier ? [...fenceSteps, 'delete the earlier Node'] : []),
      ...(joins ? ['create the bootstrap token'] : []),
      ...writingSteps,
      ...(joins ? joiningSteps : []),
    ];
  },
  disks: (subject, params, world) => rootDiskWritten(subject, wishOf(params), world),
  refusals(subject, params, world) {
    const { clusterId } = wishOf(params);
    const nodeName = nodeNameFor(subject, params);
    return [
      ...installationRefusals(subject, wishOf(params), world),
      ...allocationRefusals(subject, nodeName, clusterId),
      ...(clusterId === undefined ? [] : joiningRefusals(subject, nodeName, clusterId, world)),
    ];
  },
};

/** The name that a provisioned server takes in its cluster. */
export function nodeNameFor(subject: Pick<PlanSubject, 'name'>, params: Params): string {
  return wishOf(params).nodeName ?? subject.name.toLowerCase();
}

/** A Node of an earlier attempt under another name or in another cluster would be left behind. */
function allocationRefusals({ assignment, name }: PlanSubject, nodeName: string, clusterId: ClusterId | undefined): Blocked[] {
  if (!assignment || (assignment.nodeName === nodeName && assignment.clusterId === (clusterId ?? null))) return [];
  return [blockedBy('server_already_allocated', { server: name, nodeName: assignment.nodeName })];
}

function joiningRefusals({ id }: PlanSubject, nodeName: string, clusterId: ClusterId, world: PlanWorld): Blocked[] {
  const cluster = world.clusters.get(clusterId);
  if (!cluster) return [blockedBy('reference_not_found', { kind: 'cluster', id: clusterId })];
  if (!cluster.hasCredentials) return [blockedBy('cluster_credentials_missing', { cluster: cluster.name })];
  const owner = world.nodeNames.get(nodeKey(clusterId, nodeName));
  if (owner && owner.serverId !== id) return [blockedBy('node_name_taken', { nodeName, server: owner.server })];
  const node = nodeNamed(nodeName, clusterId, world);
  return node && node.serverId !== id ? [blockedBy('node_name_taken', { nodeName, uid: node.uid })] : [];
}

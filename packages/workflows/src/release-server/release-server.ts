// Release: from "in service" to "off, erased, nobody's": cordon, drain, fence, delete the Node, revoke, erase, prove.
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import { eraseDisks } from '../erase-disks/erase-disks.ts';
import { findNode, leaveCluster, lookUpCluster } from '../leave-cluster/leave-cluster.ts';
import { leaveService, leavingBegan, type LeaveParams } from '../leave-service/leave-service.ts';
import type { Ports, Task } from '../ports.ts';

export type ReleaseParams = LeaveParams;

export const releaseServer: Workflow<Ports, Task<ReleaseParams>> = async (run, needs, task) => {
  const { servers } = needs;
  const { serverId, operationId } = task;
  const server = await servers.get(serverId);
  const member = await lookUpCluster(run, server);

  const node = member && (await findNode(run, needs, task, member));
  const { proof, pods } = await leaveService(run, needs, task, member, node);
  if (member) await leaveCluster(run, needs, task, { ...member, nodeUid: node?.uid ?? null }, proof, pods);
  await eraseDisks(run, needs, task, server, 'look_in_any_case');
  await run.step('free the server', () => servers.unassign(serverId, operationId));
};

/**
 * Before it leaves service nothing is lost: a blocked or cancelled drain, or a release that never began, leaves a server as it was.
 * After that only erasing leads back. The store keeps in service only what was in service when the release was asked for.
 */
export function releaseFailsBy(steps: readonly Pick<StepRecord, 'name'>[]): 'keep' | 'fail' {
  return leavingBegan(steps) ? 'fail' : 'keep';
}

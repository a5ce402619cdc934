// Release: from "in service" to "off, erased, nobody's": cordon, drain, fence, delete the Node, revoke, erase, prove.
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import { drainNode, type DrainParams } from '../drain-node/drain-node.ts';
import { eraseDisks } from '../erase-disks/erase-disks.ts';
import { fenceServer } from '../fence-server/fence-server.ts';
import { findNode, leaveCluster, lookUpCluster } from '../leave-cluster/leave-cluster.ts';
import type { Ports, Task } from '../ports.ts';

export type ReleaseParams = DrainParams;

export const releaseServer: Workflow<Ports, Task<ReleaseParams>> = async (run, needs, task) => {
  const { servers } = needs;
  const { serverId, operationId } = task;
  const server = await servers.get(serverId);
  const member = await lookUpCluster(run, server);

  const node = member && (await findNode(run, needs, task, member));
  // A kubelet that does not answer can confirm no pod's end: draining would only wait. The fence ends them all.
  const leaving = { begun: false };
  const drains = member !== null && member.nodeUid !== null && node?.ready === true;
  const drained = drains ? await drainNode(run, needs, task, member, leaving) : null;

  // From here on it is out of service whatever happens: a retry drains nothing and can only go forward.
  await run.step(LEAVING_STEP, () => {
    leaving.begun = true;
    return servers.noteNodeUid(serverId, null);
  });
  // Also when this run only remembers the step.
  leaving.begun = true;
  const proof = await fenceServer(run, needs, task);
  if (member) await leaveCluster(run, needs, task, { ...member, nodeUid: node?.uid ?? null }, proof, drained?.end);
  await eraseDisks(run, needs, task, server);
  await run.step('free the server', () => servers.unassign(serverId, operationId));
};

/**
 * Before it leaves service nothing is lost: a blocked or cancelled drain, or a release that never began, leaves a server as it was.
 * After that only erasing leads back. The store keeps in service only what was in service when the release was asked for.
 */
export function releaseFailsBy(steps: readonly Pick<StepRecord, 'name'>[]): 'keep' | 'fail' {
  return steps.some((step) => step.name === LEAVING_STEP) ? 'fail' : 'keep';
}

const LEAVING_STEP = 'note that it leaves service';

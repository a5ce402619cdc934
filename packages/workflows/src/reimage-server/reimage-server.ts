// Re-image: the same host under the same name, address and cluster, with its root disk written again and its data disks kept.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { type InstallPlan, planInstallation } from '../install-system/install-plan.ts';
import { createBootstrapToken, joinCluster } from '../install-system/join-cluster.ts';
import { writeSystem } from '../install-system/write-system.ts';
import { findNode, leaveCluster, lookUpCluster } from '../leave-cluster/leave-cluster.ts';
import { leaveService, leavingBegan, type LeaveParams } from '../leave-service/leave-service.ts';
import type { Ports, Task } from '../ports.ts';
import { copyNodeMarks, NO_MARKS, readNodeMarks } from './node-marks.ts';

export type ReimageParams = LeaveParams & {
  /** The one that it has unless told: another one is how an operating system is upgraded. */
  imageDigest?: string | undefined;
};

export const reimageServer: Workflow<Ports, Task<ReimageParams>> = async (run, needs, task) => {
  const { servers } = needs;
  const { serverId, operationId, params } = task;
  const server = await servers.get(serverId);

  const plan = await run.step('check that it can be done', () => makePlan(needs, server, params));
  const member = await lookUpCluster(run, server);
  const node = member && (await findNode(run, needs, task, member));
  // Read before we cordon it: what is closed already was closed by somebody else.
  const marks = member ? await readNodeMarks(run, needs, task, member) : NO_MARKS;

  const { proof, pods } = await leaveService(run, needs, task, member, node);
  // The old object goes, by its uid and after the fence: what was bound to it is let go, and the Node that is Ready later can only be
  // the new system's. The old one would say Ready until the cluster noticed its silence.
  if (member) await leaveCluster(run, needs, task, { ...member, nodeUid: node?.uid ?? null }, proof, pods);

  const { clusterId = null, nodeLabels = {} } = server.assignment ?? {};
  await run.step('allocate the server', () =>
    servers.assign(serverId, { ...plan, clusterId, nodeLabels, nodeUid: null }, operationId),
  );
  if (clusterId !== null) await createBootstrapToken(run, needs, task, clusterId, plan.nodeName);
  const installation = { server, plan, clusterId, nodeLabels };
  await writeSystem(run, needs, task, installation);
  await joinCluster(run, needs, task, installation, (cluster, seen) => copyNodeMarks(cluster, seen, marks, operationId));
};

/** Until it leaves service it goes on serving: nothing was switched off and nothing written. */
export function reimageFailsBy(steps: readonly Pick<StepRecord, 'name'>[]): 'keep' | 'fail' {
  return leavingBegan(steps) ? 'fail' : 'keep';
}

/** The disk that was installed and no other: whatever the image, the policy is not asked again. */
async function makePlan(needs: Pick<Ports, 'images'>, server: Server, params: ReimageParams): Promise<InstallPlan> {
  const { assignment } = server;
  if (!assignment) throw new Refusal('nothing_installed', { server: server.name });
  const { nodeName, rootDiskSerial } = assignment;
  return planInstallation(needs, server, { imageDigest: params.imageDigest ?? assignment.imageDigest, nodeName, rootDiskSerial });
}

// Provision: from "available" to a Ready node: image on the accepted disk, boot, join, labels.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { fenceServer, refuseUnlessStillOff } from '../fence-server/fence-server.ts';
import { type InstallPlan, planInstallation } from '../install-system/install-plan.ts';
import { createBootstrapToken, joinCluster } from '../install-system/join-cluster.ts';
import { writeSystem, writingBegan } from '../install-system/write-system.ts';
import type { Ports, Task } from '../ports.ts';
import { SERVER_ID_LABEL } from './node-labels.ts';
import type { ProvisionParams } from './provision-params.ts';

/** Until the agent is told to write, the server is as available as it was. */
export function provisionFailsBy(steps: readonly Pick<StepRecord, 'name'>[]): 'keep' | 'fail' {
  return writingBegan(steps) ? 'fail' : 'keep';
}

export const provisionServer: Workflow<Ports, Task<ProvisionParams>> = async (run, needs, task) => {
  const { servers } = needs;
  const { serverId, operationId, params } = task;
  const server = await servers.get(serverId);
  const clusterId = params.clusterId ?? null;
  const nodeLabels = params.nodeLabels ?? {};

  const plan = await run.step('check that it can be done', () => makePlan(needs, server, params));
  await run.step(
    'allocate the server',
    () => servers.assign(serverId, { ...plan, clusterId, nodeLabels, nodeUid: null }, operationId),
    // No undo: once the disk may have been written it stays until a release has erased it; before that it goes with the operation.
  );
  await allowToJoin(run, needs, task, plan);
  const installation = { server, plan, clusterId, nodeLabels };
  await writeSystem(run, needs, task, installation);
  await joinCluster(run, needs, task, installation);
};

async function makePlan(needs: Pick<Ports, 'images'>, server: Server, params: ProvisionParams): Promise<InstallPlan> {
  refuseOtherPlan(server, params);
  const { imageDigest, nodeName = server.name.toLowerCase() } = params;
  // Tried again, it goes where it went before: the other disks may hold what a re-imaged node kept there.
  const rootDiskSerial = params.rootDiskSerial ?? server.assignment?.rootDiskSerial;
  return planInstallation(needs, server, { imageDigest, nodeName, rootDiskSerial });
}

/** A Node of an earlier attempt under another name or in another cluster would be left behind: a release clears it away first. */
function refuseOtherPlan({ assignment, name }: Server, params: ProvisionParams): void {
  if (!assignment) return;
  const nodeName = params.nodeName ?? name.toLowerCase();
  if (assignment.nodeName === nodeName && assignment.clusterId === (params.clusterId ?? null)) return;
  throw new Refusal('server_already_allocated', { server: name, nodeName: assignment.nodeName });
}

async function allowToJoin(run: Run, needs: Ports, task: Task<ProvisionParams>, plan: InstallPlan): Promise<void> {
  const { clusterId } = task.params;
  if (clusterId === undefined) return;
  const { connectCluster } = needs;

  const leftOver = await run.step('look for an earlier Node', async () => {
    const node = await (await connectCluster(clusterId)).node(plan.nodeName);
    if (!node) return null;
    // A Node of that name may be somebody else's machine: joining would take its name away.
    if (node.labels[SERVER_ID_LABEL] !== task.serverId)
      throw new Refusal('node_name_taken', { nodeName: plan.nodeName, uid: node.uid });
    return { uid: node.uid };
  });
  if (leftOver) {
    const proof = await fenceServer(run, needs, task);
    await run.step('delete the earlier Node', async () => {
      await refuseUnlessStillOff(needs, task, proof);
      await (await connectCluster(clusterId)).deleteNode(plan.nodeName, leftOver.uid, proof);
    });
  }
  await createBootstrapToken(run, needs, task, clusterId, plan.nodeName);
}

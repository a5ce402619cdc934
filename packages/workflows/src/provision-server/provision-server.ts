// Provision: from "available" to a Ready node: image on the accepted disk, boot, join, labels.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { chooseRootDisk } from '@rackwright/domain/hardware/choose-root-disk.ts';
import { compareInspections } from '@rackwright/domain/hardware/inspection.ts';
import type { Server } from '@rackwright/domain/server.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { bootAgent, closeAgentTicket, restartFrom, tellAgent, type RunningAgent } from '../boot-agent/boot-agent.ts';
import { fenceServer, refuseUnlessStillOff } from '../fence-server/fence-server.ts';
import type { Ports, Task } from '../ports.ts';
import { nodeLabels, SERVER_ID_LABEL } from './node-labels.ts';
import type { ProvisionParams } from './provision-params.ts';

type Needs = Ports;
type Plan = { nodeName: string; imageDigest: string; rootDiskSerial: string; rootPartition: number; seedPartition: number };

const WRITING = 'write the image';

/** Until the agent is told to write, nothing has happened to any disk: the server is as available as it was. */
export function provisionFailsBy(steps: readonly Pick<StepRecord, 'name'>[]): 'keep' | 'fail' {
  return steps.some((step) => step.name === `tell the agent to ${WRITING}`) ? 'fail' : 'keep';
}

export const provisionServer: Workflow<Needs, Task<ProvisionParams>> = async (run, needs, task) => {
  const { servers, withBmc } = needs;
  const { serverId, params } = task;
  const server = await servers.get(serverId);

  const plan = await run.step('check that it can be done', () => makePlan(needs, server, params));
  await run.step(
    'allocate the server',
    () => servers.assign(serverId, { ...plan, clusterId: params.clusterId ?? null, nodeUid: null }, task.operationId),
    // No undo: once the disk may have been written it stays until a release has erased it; before that it goes with the operation.
  );
  await allowToJoin(run, needs, task, plan);

  const agent = await bootAgent(run, needs, task, 'install', server.firmwareMode);
  await run.step('compare the hardware', async () => refuseChangedHardware(server, agent));

  await tellAgent(
    run,
    needs,
    agent,
    WRITING,
    {
      do: 'write_image',
      diskSerial: plan.rootDiskSerial,
      imageDigest: plan.imageDigest,
      rootPartition: plan.rootPartition,
      seedPartition: plan.seedPartition,
      seed: {
        hostname: plan.nodeName,
        clusterId: params.clusterId ?? null,
        nodeLabels: nodeLabels(server, params.nodeLabels),
        bootstrapTokenFor: task.operationId,
      },
    },
    minutes(45),
  );
  // Closed before the restart: from here on the boot services say "boot your disk".
  await closeAgentTicket(run, needs, agent);

  await run.step('boot the installed disk', () => withBmc(task, (bmc) => restartFrom(bmc, 'disk', server.firmwareMode)), {
    undo: () => withBmc(task, (bmc) => bmc.setPower('off')),
  });
  if (params.clusterId !== undefined) await joinCluster(run, needs, task, server, plan);
};

async function makePlan({ images }: Pick<Ports, 'images'>, server: Server, params: ProvisionParams): Promise<Plan> {
  const image = await images.get(params.imageDigest);
  if (!image) throw new Refusal('image_unknown', { imageDigest: params.imageDigest });
  if (!server.hardware) throw new Refusal('hardware_not_accepted', { server: server.name });
  refuseOtherPlan(server, params);
  const choice = chooseRootDisk(server.hardware.disks, image.sizeBytes, params.rootDiskSerial);
  if (!choice.ok)
    throw new Refusal(choice.why, { server: server.name, imageBytes: image.sizeBytes, wanted: params.rootDiskSerial ?? 'any' });
  return {
    nodeName: params.nodeName ?? server.name.toLowerCase(),
    imageDigest: image.digest,
    rootDiskSerial: choice.disk.serial,
    rootPartition: image.rootPartition,
    seedPartition: image.seedPartition,
  };
}

/** A Node of an earlier attempt under another name or in another cluster would be left behind: a release clears it away first. */
function refuseOtherPlan({ assignment, name }: Server, params: ProvisionParams): void {
  if (!assignment) return;
  const nodeName = params.nodeName ?? name.toLowerCase();
  if (assignment.nodeName === nodeName && assignment.clusterId === (params.clusterId ?? null)) return;
  throw new Refusal('server_already_allocated', { server: name, nodeName: assignment.nodeName });
}

/** One bootstrap token per server, good for this installation only. */
async function allowToJoin(run: Run, needs: Needs, task: Task<ProvisionParams>, plan: Plan): Promise<void> {
  const { clusterId } = task.params;
  if (clusterId === undefined) return;
  const { connectCluster, secrets, clock } = needs;

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

  const token = secrets.bootstrapToken(task.operationId);
  const until = new Date(clock.now() + minutes(150)).toISOString();
  await run.step(
    'create the bootstrap token',
    async () => (await connectCluster(clusterId)).ensureBootstrapToken({ ...token, nodeName: plan.nodeName, until }),
    { undo: async () => (await connectCluster(clusterId)).revoke(plan.nodeName) },
  );
}

function refuseChangedHardware(server: Server, agent: RunningAgent): void {
  if (!server.hardware) throw new Refusal('hardware_not_accepted', { server: server.name });
  const differences = compareInspections(server.hardware, agent.inspection);
  if (differences.length > 0) throw new Refusal('hardware_changed', { differences: differences.map((d) => d.what).join('; ') });
}

async function joinCluster(run: Run, needs: Needs, task: Task<ProvisionParams>, server: Server, plan: Plan): Promise<void> {
  const { servers, connectCluster, secrets } = needs;
  const clusterId = task.params.clusterId;
  if (clusterId === undefined) return;
  const { nodeName } = plan;
  const expected = { nodeName, addresses: server.address === null ? [] : [server.address] };

  const node = await run.until(
    'wait for the node to be Ready',
    async () => {
      const cluster = await connectCluster(clusterId);
      const { refused } = await cluster.approveServingCertificate(expected);
      if (refused[0]) return new NotYet('serving_certificate_refused', { request: refused[0].name, reason: refused[0].reason });
      const seen = await cluster.node(nodeName);
      if (!seen) return new NotYet('node_not_seen', { nodeName });
      return seen.ready ? { uid: seen.uid } : new NotYet('node_not_ready', { nodeName, reason: seen.readyReason });
    },
    {
      within: minutes(30),
      every: seconds(5),
      waitingFor: {
        code: 'node_not_seen',
        unblockedBy: `the kubelet of ${nodeName} joining; look at its console and cloud-init log`,
      },
    },
  );

  await run.step('note the node', () => servers.noteNodeUid(task.serverId, node.uid));
  await run.step('label the node', async () =>
    (await connectCluster(clusterId)).ensureNodeLabels(nodeName, nodeLabels(server, task.params.nodeLabels)),
  );
  await run.step('delete the bootstrap token', async () =>
    (await connectCluster(clusterId)).deleteBootstrapToken(secrets.bootstrapToken(task.operationId).id),
  );
}

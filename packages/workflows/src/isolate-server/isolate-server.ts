// Isolate: off its cluster and off power, so that hands may touch it. Nothing is erased; its Node waits for it, unless told otherwise.
import type { FenceProof } from '@rackwright/domain/fence.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import { drainNode } from '../drain-node/drain-node.ts';
import { fenceServer } from '../fence-server/fence-server.ts';
import { findNode, leaveCluster, lookUpCluster, type Member, removeRemainingPods } from '../leave-cluster/leave-cluster.ts';
import { guardControlPlane } from '../leave-service/guard-control-plane.ts';
import type { LeaveParams } from '../leave-service/leave-service.ts';
import type { Ports, Task } from '../ports.ts';

export type IsolateParams = LeaveParams & {
  /** Kept unless told: the same Node comes back after the repair. Without it the server cannot go back into service. */
  keepNode?: boolean | undefined;
};

type Found = { uid: string; ready: boolean } | null;

export const isolateServer: Workflow<Ports, Task<IsolateParams>> = async (run, needs, task) => {
  const { servers, connectCluster } = needs;
  const server = await servers.get(task.serverId);
  const member = await lookUpCluster(run, server);
  const node = member && (await findNode(run, needs, task, member));

  const guard = member && node ? await guardControlPlane(run, needs, task.params, member) : undefined;
  const leaving = { begun: false };
  const drains = member !== null && node?.ready === true;
  const drained = drains ? await drainNode(run, needs, task, member, leaving) : null;
  await guard?.again();

  // From here on workloads stop: whatever fails, it is not given back as if nothing had happened.
  await run.step(SWITCHING_OFF, async () => void (leaving.begun = true));
  leaving.begun = true;
  // A machine that comes up again before it was validated gets no pods.
  if (member && node && !drains)
    await run.step('close its Node to new pods', async () =>
      (await connectCluster(member.clusterId)).cordon(member.nodeName, task.operationId),
    );
  const proof = await fenceServer(run, needs, task);
  if (member) await settleNode(run, needs, task, { member, node, proof, drained: drained?.end === 'drained' });
};

type Settling = { member: Member; node: Found; proof: FenceProof; drained: boolean };

async function settleNode(
  run: Run,
  needs: Ports,
  task: Task<IsolateParams>,
  { member, node, proof, drained }: Settling,
): Promise<void> {
  if (task.params.keepNode !== false) {
    // A kubelet that did not answer let nothing go: what it ran is dead now.
    if (node && !drained) await removeRemainingPods(run, needs, task, member, proof);
    return;
  }
  await run.step('note that it leaves service', () => needs.servers.noteNodeUid(task.serverId, null));
  await leaveCluster(run, needs, task, { ...member, nodeUid: node?.uid ?? null }, proof, drained ? 'drained' : 'forced');
}

/** Until it is to be switched off nothing is lost: a blocked or cancelled drain leaves the server as it was. */
export function isolateFailsBy(steps: readonly Pick<StepRecord, 'name'>[]): 'keep' | 'fail' {
  return steps.some((step) => step.name === SWITCHING_OFF) ? 'fail' : 'keep';
}

const SWITCHING_OFF = 'begin to switch it off';

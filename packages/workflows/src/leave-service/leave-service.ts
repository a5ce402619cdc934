// Leaving service: pods first, then the point of no return, then the proof that the machine is off.
import type { FenceProof } from '@rackwright/domain/fence.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import { drainNode, type DrainParams } from '../drain-node/drain-node.ts';
import { fenceServer } from '../fence-server/fence-server.ts';
import type { Member, OwnNode } from '../leave-cluster/leave-cluster.ts';
import type { Ports, Task } from '../ports.ts';
import { type ControlPlaneParams, guardControlPlane } from './guard-control-plane.ts';

type Needs = Pick<Ports, 'servers' | 'connectCluster' | 'withBmc' | 'clock' | 'answers'>;

const LEAVING_STEP = 'note that it leaves service';

export type LeaveParams = DrainParams & ControlPlaneParams;

/** Before this a blocked or cancelled drain leaves a server as it was. */
export function leavingBegan(steps: readonly Pick<StepRecord, 'name'>[]): boolean {
  return steps.some((step) => step.name === LEAVING_STEP);
}

export type Left = { proof: FenceProof /** What the drain left behind. */; pods: 'drained' | 'forced' };

/** Cordons and drains as asked, notes that it leaves, fences. Null `member`: a host without a cluster. */
export async function leaveService(
  run: Run,
  needs: Needs,
  task: Task<LeaveParams>,
  member: Member | null,
  node: OwnNode | null,
): Promise<Left> {
  const guard = member && node ? await guardControlPlane(run, needs, task.params, member) : undefined;
  // A kubelet that does not answer can confirm no pod's end: draining would only wait. The fence ends them all.
  const leaving = { begun: false };
  const drained = member && member.nodeUid !== null && node?.ready ? await drainNode(run, needs, task, member, leaving) : null;
  await guard?.again();

  // From here on it is out of service whatever happens: a retry drains nothing and can only go forward.
  await run.step(LEAVING_STEP, () => {
    leaving.begun = true;
    return needs.servers.noteNodeUid(task.serverId, null);
  });
  // Also when this run only remembers the step.
  leaving.begun = true;
  const proof = await fenceServer(run, needs, task);
  return { proof, pods: drained?.end ?? 'drained' };
}

// Nobody takes the control plane of a cluster away by taking out one machine too many.
import { mayLeave } from '@rackwright/domain/control-plane/may-leave.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import type { Member } from '../leave-cluster/leave-cluster.ts';
import type { Ports } from '../ports.ts';

/** `ignore` is for whoever takes the whole cluster down. */
export type ControlPlaneParams = { controlPlane?: 'guard' | 'ignore' | undefined };

/**
 * Looked at when it is asked for and, for a member of the control plane, once more after the drain: hours may lie between. By then its
 * cordon is written, and each of two that leave at once sees the other's; neither goes.
 * Refusals `etcd_quorum_at_risk`, `last_control_plane`.
 */
export async function guardControlPlane(
  run: Run,
  { connectCluster }: Pick<Ports, 'connectCluster'>,
  { controlPlane = 'guard' }: ControlPlaneParams,
  { clusterId, nodeName }: Member,
): Promise<{ again(): Promise<void> }> {
  const look = async (): Promise<'no_part' | 'spared'> => {
    const verdict = mayLeave(await (await connectCluster(clusterId)).controlPlane(), nodeName);
    if (!verdict.ok) throw new Refusal(verdict.code, verdict.facts);
    return verdict.as;
  };
  const first = controlPlane === 'ignore' ? 'no_part' : await run.step('see that the control plane can spare it', look);
  return {
    async again() {
      if (first === 'spared') await run.step('see that the control plane can still spare it', look);
    },
  };
}

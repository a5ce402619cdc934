// Leaving a cluster: which Node is ours, and how its object, its pods and what it could join with go away once its machine is off.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { FenceProof } from '@rackwright/domain/fence.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { Server } from '@rackwright/domain/server.ts';
import type { Run } from '@rackwright/workflow-engine/run.ts';
import { refuseUnlessStillOff } from '../fence-server/fence-server.ts';
import type { Ports, Task } from '../ports.ts';
import { SERVER_ID_LABEL } from '../provision-server/node-labels.ts';

export type Member = { clusterId: ClusterId; nodeName: string; nodeUid: string | null };

export type OwnNode = { uid: string; ready: boolean };

/** Null for a host without a cluster. */
export function lookUpCluster(run: Run, { assignment }: Server): Promise<Member | null> {
  return run.step('look up its cluster', async () => {
    if (!assignment?.clusterId) return null;
    return { clusterId: assignment.clusterId, nodeName: assignment.nodeName, nodeUid: assignment.nodeUid };
  });
}

/** Its Node, or null when it has none any more. One of that name that is another machine's is never touched. */
export function findNode(
  run: Run,
  { connectCluster }: Pick<Ports, 'connectCluster'>,
  { serverId }: Task<unknown>,
  member: Member,
): Promise<OwnNode | null> {
  return run.step('find its Node', async () => {
    const node = await (await connectCluster(member.clusterId)).node(member.nodeName);
    if (!node) return null;
    if (member.nodeUid !== null && node.uid !== member.nodeUid) {
      throw new Refusal('node_replaced', { nodeName: node.name, expected: member.nodeUid, uid: node.uid });
    }
    const ours = member.nodeUid !== null || node.labels[SERVER_ID_LABEL] === serverId;
    return ours ? { uid: node.uid, ready: node.ready } : null;
  });
}

/** @param pods  `forced`: what a drain left is removed past its budgets, now that nobody can run twice */
export async function leaveCluster(
  run: Run,
  needs: Pick<Ports, 'connectCluster' | 'withBmc'>,
  task: Task<unknown>,
  member: Member,
  proof: FenceProof,
  pods: 'drained' | 'forced' = 'drained',
): Promise<void> {
  const { connectCluster } = needs;
  const { clusterId, nodeName, nodeUid } = member;
  if (pods === 'forced') await removeRemainingPods(run, needs, task, member, proof);
  if (nodeUid !== null) {
    await run.step('delete the Node object', async () => {
      await refuseUnlessStillOff(needs, task, proof);
      await (await connectCluster(clusterId)).deleteNode(nodeName, nodeUid, proof);
    });
  }
  await run.step('revoke its credentials', async () => (await connectCluster(clusterId)).revoke(nodeName));
}

/** Nobody runs on a machine that is off: their objects go past every budget, so that others can take their place. */
export async function removeRemainingPods(
  run: Run,
  needs: Pick<Ports, 'connectCluster' | 'withBmc'>,
  task: Task<unknown>,
  { clusterId, nodeName }: Member,
  proof: FenceProof,
): Promise<void> {
  await run.step('remove its remaining pods by force', async () => {
    await refuseUnlessStillOff(needs, task, proof);
    const cluster = await needs.connectCluster(clusterId);
    const { remaining } = await cluster.drain(nodeName);
    for (const pod of remaining) await cluster.forceDeletePod(pod);
    return { removed: remaining.length };
  });
}

// Release: from "in service" to "off, erased, nobody's": cordon, drain, fence, delete the Node, revoke, erase, prove.
import { hours, minutes, seconds } from '@rackwright/domain/durations.ts';
import { disksNotErased, erasureLimit } from '@rackwright/domain/erasure.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { FenceProof } from '@rackwright/domain/fence.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { Server } from '@rackwright/domain/server.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { StepRecord } from '@rackwright/workflow-engine/step-log.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { bootAgent, closeAgentTicket, tellAgent } from '../boot-agent/boot-agent.ts';
import { fenceServer, refuseUnlessStillOff } from '../fence-server/fence-server.ts';
import type { Ports, Task } from '../ports.ts';
import { SERVER_ID_LABEL } from '../provision-server/node-labels.ts';
import { readErasureEvidence } from './read-erasure-evidence.ts';

export type ReleaseParams = { /** Give up draining after this long; 60 unless told. */ drainMinutes?: number };

export const releaseServer: Workflow<Ports, Task<ReleaseParams>> = async (run, needs, task) => {
  const { servers, erasures, withBmc } = needs;
  const { serverId, operationId } = task;
  const server = await servers.get(serverId);
  const member = await run.step(MEMBER_STEP, async () => memberOf(server));

  const node = member && (await findNode(run, needs, task, member));
  // A kubelet that does not answer can confirm no pod's end: draining would only wait. The fence ends them all.
  const leaving = { begun: false };
  if (member?.nodeUid && node?.ready) await drain(run, needs, task, member, leaving);

  // From here on it is out of service whatever happens: a retry drains nothing and can only go forward.
  await run.step(LEAVING_STEP, () => {
    leaving.begun = true;
    return servers.noteNodeUid(serverId, null);
  });
  // Also when this run only remembers the step.
  leaving.begun = true;
  const proof = await fenceServer(run, needs, task);
  if (member) await leaveCluster(run, needs, task, { ...member, nodeUid: node?.uid ?? null }, proof);

  const accepted = server.hardware;
  if (!accepted) throw new Refusal('hardware_not_accepted', { server: server.name });
  const limit = erasureLimit(accepted);
  const agent = await bootAgent(run, needs, task, 'erase', server.firmwareMode, limit + hours(1));
  const diskSerials = accepted.disks.map((disk) => disk.serial);
  const result = await tellAgent(run, needs, agent, 'erase the disks', { do: 'erase_disks', diskSerials }, limit);

  await run.step('record the erasures', async () => {
    const evidence = readErasureEvidence(result.evidence);
    await erasures.record(serverId, operationId, evidence);
    const missing = disksNotErased(accepted, evidence);
    if (missing.length > 0) throw new Refusal('disks_not_erased', { serials: missing.join(', ') });
  });
  await run.step('power it off', () => withBmc(task, (bmc) => bmc.setPower('off')));
  await closeAgentTicket(run, needs, agent);
  await run.step('free the server', () => servers.unassign(serverId, operationId));
};

/**
 * Before it leaves service nothing is lost: a blocked or cancelled drain, or a release that never began, leaves a server as it was.
 * After that only erasing leads back. The store keeps in service only what was in service when the release was asked for.
 */
export function releaseFailsBy(steps: readonly Pick<StepRecord, 'name'>[]): 'keep' | 'fail' {
  return steps.some((step) => step.name === LEAVING_STEP) ? 'fail' : 'keep';
}

const MEMBER_STEP = 'look up its cluster';
const LEAVING_STEP = 'note that it leaves service';

type Member = { clusterId: ClusterId; nodeName: string; nodeUid: string | null };

function memberOf(server: Server): Member | null {
  const { assignment } = server;
  if (!assignment?.clusterId) return null;
  return { clusterId: assignment.clusterId, nodeName: assignment.nodeName, nodeUid: assignment.nodeUid };
}

/** Its Node, or null when it has none any more. One of that name that is another machine's is never touched. */
function findNode(
  run: Run,
  { connectCluster }: Ports,
  { serverId }: Task<unknown>,
  member: Member,
): Promise<{ uid: string; ready: boolean } | null> {
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

async function drain(
  run: Run,
  { connectCluster }: Ports,
  task: Task<ReleaseParams>,
  member: Member,
  leaving: { begun: boolean },
): Promise<void> {
  const { clusterId, nodeName } = member;
  await run.step('cordon the node', async () => (await connectCluster(clusterId)).cordon(nodeName, task.operationId), {
    // Once it left service nothing may be scheduled there again: the next release drains nothing, and would pull the plug on it.
    undo: async () => (leaving.begun ? undefined : (await connectCluster(clusterId)).uncordon(nodeName, task.operationId)),
  });
  await run.until(
    'drain the node',
    async () => {
      const { remaining } = await (await connectCluster(clusterId)).drain(nodeName);
      if (remaining.length === 0) return { drained: true };
      const blocked = remaining.filter((pod) => pod.blockedBy !== undefined);
      const [first] = blocked.length > 0 ? blocked : remaining;
      return new NotYet(blocked.length > 0 ? 'eviction_blocked' : 'pods_leaving', {
        pods: remaining.length,
        pod: first ? `${first.namespace}/${first.name}` : '',
        blockedBy: first?.blockedBy ?? 'termination',
      });
    },
    {
      within: minutes(task.params.drainMinutes ?? 60),
      every: seconds(5),
      waitingFor: { code: 'pods_leaving', unblockedBy: 'the pods ending, or their disruption budget allowing it' },
    },
  );
}

async function leaveCluster(run: Run, needs: Ports, task: Task<unknown>, member: Member, proof: FenceProof): Promise<void> {
  const { connectCluster } = needs;
  const { clusterId, nodeName, nodeUid } = member;
  if (nodeUid !== null) {
    await run.step('delete the Node object', async () => {
      await refuseUnlessStillOff(needs, task, proof);
      await (await connectCluster(clusterId)).deleteNode(nodeName, nodeUid, proof);
    });
  }
  await run.step('revoke its credentials', async () => (await connectCluster(clusterId)).revoke(nodeName));
}

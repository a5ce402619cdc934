// Back into service: the installed disk boots, the same Node is Ready again, and its door is opened.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { Assignment, Server } from '@rackwright/domain/server.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import { restartFrom } from '../boot-agent/boot-agent.ts';
import type { NodeView, Ports, Task } from '../ports.ts';

type Needs = Pick<Ports, 'withBmc' | 'connectCluster'>;
type Kept = { clusterId: ClusterId; nodeName: string; uid: string };

/** Refusal `node_replaced` when another Node of that name is there now. Ends with the machine off when it gives up. */
export async function returnToService(run: Run, needs: Needs, task: Task<unknown>, server: Server): Promise<void> {
  const { assignment, firmwareMode } = server;
  const kept = assignment && keptNode(assignment);
  if (kept) {
    // Taken over from whoever closed it for the repair, so that this operation may open it; a person's own cordon stays theirs.
    await run.step('keep its Node closed', async () =>
      (await needs.connectCluster(kept.clusterId)).cordon(kept.nodeName, task.operationId),
    );
    await seeNodeDown(run, needs, kept);
  }
  await run.step('boot the installed disk', () => needs.withBmc(task, (bmc) => restartFrom(bmc, 'disk', firmwareMode)), {
    undo: () => needs.withBmc(task, (bmc) => bmc.setPower('off')),
  });
  if (!kept) return;
  await seeNodeReady(run, needs, kept);
  await run.step('open its Node to pods', async () =>
    (await needs.connectCluster(kept.clusterId)).uncordon(kept.nodeName, task.operationId),
  );
}

/** Null for a host without a cluster. */
function keptNode({ clusterId, nodeName, nodeUid }: Assignment): Kept | null {
  return clusterId === null || nodeUid === null ? null : { clusterId, nodeName, uid: nodeUid };
}

type Cluster = Pick<Ports, 'connectCluster'>;

async function look({ connectCluster }: Cluster, { clusterId, nodeName, uid }: Kept): Promise<NodeView | undefined> {
  const node = await (await connectCluster(clusterId)).node(nodeName);
  if (node && node.uid !== uid) throw new Refusal('node_replaced', { nodeName, expected: uid, uid: node.uid });
  return node;
}

/** A Ready that stands from before would be taken for the one that we wait for. */
function seeNodeDown(run: Run, cluster: Cluster, kept: Kept): Promise<unknown> {
  return run.until(
    'see its Node down',
    async () => {
      const node = await look(cluster, kept);
      return node?.ready ? new NotYet('node_still_ready', { nodeName: kept.nodeName }) : { down: true };
    },
    {
      within: minutes(15),
      every: seconds(5),
      waitingFor: { code: 'node_still_ready', unblockedBy: 'Kubernetes noticing that the kubelet is silent' },
    },
  );
}

function seeNodeReady(run: Run, cluster: Cluster, kept: Kept): Promise<unknown> {
  return run.until(
    'wait for the Node to be Ready again',
    async () => {
      const node = await look(cluster, kept);
      if (!node) return new NotYet('node_not_seen', { nodeName: kept.nodeName });
      return node.ready ? { ready: true } : new NotYet('node_not_ready', { nodeName: kept.nodeName, reason: node.readyReason });
    },
    {
      within: minutes(30),
      every: seconds(5),
      waitingFor: { code: 'node_not_ready', unblockedBy: `the kubelet of ${kept.nodeName} coming up; look at its console` },
    },
  );
}

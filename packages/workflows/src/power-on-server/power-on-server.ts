// Power on: a server in service that has lost its power, or was switched off by hand, goes on and serves again.
//
// No undo: on is where it belongs. It boots its disk, because no boot ticket is open for it.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { POWERED_ON_STEP } from '@rackwright/domain/power/cold-start-progress.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import type { Ports, Task } from '../ports.ts';

type Needs = Pick<Ports, 'servers' | 'withBmc' | 'connectCluster'>;

export const powerOnServer: Workflow<Needs, Task<unknown>> = async (run, needs, task) => {
  const { servers, withBmc } = needs;
  const { assignment } = await servers.get(task.serverId);

  await run.step(POWERED_ON_STEP, () => withBmc(task, (bmc) => bmc.setPower('on')), { within: minutes(30) });
  if (assignment && assignment.clusterId !== null)
    await nodeReady(run, needs, { ...assignment, clusterId: assignment.clusterId });
};

type Member = { clusterId: NonNullable<Parameters<Ports['connectCluster']>[0]>; nodeName: string; nodeUid: string | null };

/** The cluster may be starting as well: its control planes go on first. */
async function nodeReady(run: Run, { connectCluster }: Needs, { clusterId, nodeName, nodeUid }: Member): Promise<void> {
  await run.until(
    'wait for its node to be Ready',
    async () => {
      const node = await (await connectCluster(clusterId)).node(nodeName);
      if (!node) return new NotYet('node_not_seen', { nodeName });
      if (nodeUid !== null && node.uid !== nodeUid) return new NotYet('node_not_seen', { nodeName, insteadUid: node.uid });
      return node.ready ? { ready: true } : new NotYet('node_not_ready', { nodeName, reason: node.readyReason });
    },
    {
      within: minutes(45),
      every: seconds(5),
      waitingFor: { code: 'node_not_ready', unblockedBy: `the kubelet of ${nodeName} reporting Ready; look at its console` },
    },
  );
}

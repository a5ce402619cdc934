// Power on: a server in service that has lost its power, or was switched off by hand, goes on and serves again.
//
// No undo: on is where it belongs. It boots its disk, because no boot ticket is open for it.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { POWERED_ON_STEP } from '@rackwright/domain/power/cold-start-progress.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import type { Member } from '../leave-cluster/leave-cluster.ts';
import { toldSinceBoot } from '../node-boot/told-since-boot.ts';
import type { Ports, Task } from '../ports.ts';

type Needs = Pick<Ports, 'servers' | 'withBmc' | 'connectCluster' | 'clock'>;
/** What was known before it was switched on, and when that was; null for one that ran already. */
type Boot = { earlier: string | null; onAt: number } | null;

export const powerOnServer: Workflow<Needs, Task<unknown>> = async (run, needs, task) => {
  const { servers, withBmc, clock } = needs;
  const { assignment } = await servers.get(task.serverId);
  const member = assignment && assignment.clusterId !== null ? { ...assignment, clusterId: assignment.clusterId } : undefined;

  const before = await run.step('note how it was', async () => {
    const power = await withBmc(task, (bmc) => bmc.power());
    return { wasOn: power === 'on', bootId: member ? await lastBoot(needs, member) : null };
  });
  // Most of the time it waits here for its turn; that time does not count.
  const onAt = await run.step(
    POWERED_ON_STEP,
    async () => {
      await withBmc(task, (bmc) => bmc.setPower('on'));
      return clock.now();
    },
    { within: minutes(30) },
  );
  if (member) await nodeReady(run, needs, member, before.wasOn ? null : { earlier: before.bootId, onAt });
};

/** Null when nobody can tell: the cluster may be dark as well. */
async function lastBoot({ connectCluster }: Needs, { clusterId, nodeName }: Member): Promise<string | null> {
  try {
    const node = await (await connectCluster(clusterId)).node(nodeName);
    return node?.bootId ?? null;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code.startsWith('kubernetes_')) return null;
    throw thrown;
  }
}

/** The cluster may be starting as well: its control planes go on first. A Ready from before the boot is only what it remembers. */
async function nodeReady(run: Run, { connectCluster, clock }: Needs, member: Member, boot: Boot): Promise<void> {
  const { clusterId, nodeName, nodeUid } = member;
  await run.until(
    'wait for its node to be Ready',
    async () => {
      const node = await (await connectCluster(clusterId)).node(nodeName);
      if (!node) return new NotYet('node_not_seen', { nodeName });
      if (nodeUid !== null && node.uid !== nodeUid) return new NotYet('node_not_seen', { nodeName, insteadUid: node.uid });
      if (!node.ready) return new NotYet('node_not_ready', { nodeName, reason: node.readyReason });
      return boot === null || toldSinceBoot(node.bootId, boot.earlier, boot.onAt, clock.now())
        ? { ready: true }
        : new NotYet('node_not_ready', { nodeName, reason: 'its kubelet has not reported since it booted' });
    },
    {
      within: minutes(45),
      every: seconds(5),
      waitingFor: { code: 'node_not_ready', unblockedBy: `the kubelet of ${nodeName} reporting Ready; look at its console` },
    },
  );
}

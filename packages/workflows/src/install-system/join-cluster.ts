// Joining a cluster: one bootstrap token for one installation, the kubelet's certificate, a Ready node, our labels.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { ClusterId } from '@rackwright/domain/ids.ts';
import { NotYet, type Run } from '@rackwright/workflow-engine/run.ts';
import type { ClusterAccess, NodeView, Ports, Task } from '../ports.ts';
import { nodeLabels } from '../provision-server/node-labels.ts';
import type { Installation } from './install-plan.ts';

const TOKEN_LASTS = minutes(150);

/** One bootstrap token per server, good for this installation only. */
export async function createBootstrapToken(
  run: Run,
  { connectCluster, secrets, clock }: Pick<Ports, 'connectCluster' | 'secrets' | 'clock'>,
  { operationId }: Task<unknown>,
  clusterId: ClusterId,
  nodeName: string,
): Promise<void> {
  const token = secrets.bootstrapToken(operationId);
  const until = new Date(clock.now() + TOKEN_LASTS).toISOString();
  await run.step(
    'create the bootstrap token',
    async () => (await connectCluster(clusterId)).ensureBootstrapToken({ ...token, nodeName, until }),
    { undo: async () => (await connectCluster(clusterId)).revoke(nodeName) },
  );
}

/** Looks at the node whenever it is there and not Ready yet, and once more when it is; may be called often. */
export type Greet = (cluster: ClusterAccess, node: NodeView) => Promise<void>;

export async function joinCluster(
  run: Run,
  needs: Pick<Ports, 'servers' | 'connectCluster' | 'secrets'>,
  task: Task<unknown>,
  { server, plan, clusterId, nodeLabels: extra }: Installation,
  greet: Greet = async () => undefined,
): Promise<void> {
  if (clusterId === null) return;
  const { servers, connectCluster, secrets } = needs;
  const { nodeName } = plan;
  const expected = { nodeName, addresses: server.address === null ? [] : [server.address] };

  const node = await run.until(
    'wait for the node to be Ready',
    async () => {
      const cluster = await connectCluster(clusterId);
      const seen = await cluster.node(nodeName);
      // Before it has registered it asks for no serving certificate: nothing to look for.
      if (!seen) return new NotYet('node_not_seen', { nodeName });
      const { refused } = await cluster.approveServingCertificate(expected);
      if (refused[0]) return new NotYet('serving_certificate_refused', { request: refused[0].name, reason: refused[0].reason });
      await greet(cluster, seen);
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
    (await connectCluster(clusterId)).ensureNodeLabels(nodeName, nodeLabels(server, extra)),
  );
  await run.step('delete the bootstrap token', async () =>
    (await connectCluster(clusterId)).deleteBootstrapToken(secrets.bootstrapToken(task.operationId).id),
  );
}

// Retire: every accepted disk erased with evidence, the machine off, the record closed.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import type { Workflow } from '@rackwright/workflow-engine/run-workflow.ts';
import { eraseDisks } from '../erase-disks/erase-disks.ts';
import { fenceServer } from '../fence-server/fence-server.ts';
import { findNode, leaveCluster, lookUpCluster } from '../leave-cluster/leave-cluster.ts';
import type { Ports, Task } from '../ports.ts';

/** Where it goes; the end of the operation writes it on the record, and takes the BMC's credentials off it. */
export type RetireParams = { outcome: Retirement };

export const retireServer: Workflow<Ports, Task<RetireParams>> = async (run, needs, task) => {
  const { servers } = needs;
  const { serverId, operationId } = task;
  const server = await servers.get(serverId);
  if (!server.hardware) throw new Refusal('hardware_not_accepted', { server: server.name });

  // A server in quarantine may still be a member: its release failed somewhere on the way.
  const member = await lookUpCluster(run, server);
  if (member) {
    const node = await findNode(run, needs, task, member);
    const proof = await fenceServer(run, needs, task);
    await leaveCluster(run, needs, task, { ...member, nodeUid: node?.uid ?? null }, proof);
  }
  await eraseDisks(run, needs, task, server, 'look_where_disks_are_left');
  await run.step('free the server', () => servers.unassign(serverId, operationId));
};

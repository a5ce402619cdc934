// Where a server goes that was repaired and validated: into service, among those that can be handed out, or into quarantine.
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Assignment } from '@rackwright/domain/server.ts';
import type { ServerEvent, ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { returnsToService } from '@rackwright/domain/work-orders/return-to-service.ts';
import type { Transaction } from '../transaction.ts';

/** What a workflow says is not believed: it serves only with the Node that waited for it, and is handed out only when nothing is left on it. */
export async function whereRepairedGoes(
  tx: Transaction,
  { operationId, serverId }: { operationId: OperationId; serverId: ServerId },
): Promise<ServerEvent> {
  const [facts] = await tx.query<{
    cameFrom: ServerState;
    assignment: Pick<Assignment, 'clusterId' | 'nodeUid'> | null;
    unerased: boolean;
  }>(
    `select o.params->>'cameFrom' as "cameFrom",
            case when a.server_id is not null then jsonb_build_object('clusterId', a.cluster_id, 'nodeUid', a.node_uid) end as assignment,
            (${UNERASED} or ${FROM_ELSEWHERE}) as unerased
       from operations o left join allocations a on a.server_id = o.server_id where o.id = $1 and o.server_id = $2`,
    [operationId, serverId],
  );
  if (!facts) return 'finish_quarantined';
  if (returnsToService(facts.assignment, facts.cameFrom)) return 'finish';
  return facts.assignment !== null || facts.unerased ? 'finish_quarantined' : 'finish_available';
}

/** The agent was told to write to it, and since then not every accepted disk was erased with proof. */
const UNERASED = `exists (
  select from operations w join operation_steps p on p.operation_id = w.id
   where w.server_id = o.server_id and w.type in ('provision-server', 'reimage-server') and p.name like 'tell the agent to write%'
     and exists (
       select from accepted_hardware h, jsonb_array_elements(h.inspection->'disks') d
        where h.server_id = o.server_id
          and not exists (select from erasures e where e.server_id = o.server_id and e.disk_serial = d->>'serial'
                                                   and e.certificate is not null and e.recorded_at > w.created_at)))`;

/** A disk that another server lost by a person's word holds what that one wrote. */
const FROM_ELSEWHERE = `exists (
  select from accepted_hardware h, jsonb_array_elements(h.inspection->'disks') d
    join disk_removals r on r.disk_serial = d->>'serial'
   where h.server_id = o.server_id and r.server_id <> o.server_id
     and not exists (select from erasures e where e.server_id = o.server_id and e.disk_serial = r.disk_serial
                                              and e.certificate is not null and e.recorded_at > r.recorded_at))`;

// Which Kubernetes nodes the inventory vouches for, and which operation waits for one of them.
import type { ClusterId, OperationId } from '@rackwright/domain/ids.ts';
import type { Sql } from './database.ts';

export type NodesOfCluster = { clusterId: ClusterId; nodes: { nodeName: string; addresses: string[] }[] };

/** Every allocated server of every cluster; one statement for the whole site. */
export async function nodesOnFile(sql: Sql): Promise<NodesOfCluster[]> {
  return sql.query<NodesOfCluster>(
    `select a.cluster_id as "clusterId",
            jsonb_agg(jsonb_build_object('nodeName', a.node_name,
                                         'addresses', case when s.address is null then '[]'::jsonb else jsonb_build_array(host(s.address)) end)) as nodes
       from allocations a join servers s on s.id = a.server_id
      where a.cluster_id is not null group by a.cluster_id`,
  );
}

/** The running operation of the server that is this node, if there is one. */
export async function operationOfNode(sql: Sql, clusterId: ClusterId, nodeName: string): Promise<OperationId | undefined> {
  const [row] = await sql.query<{ id: OperationId }>(
    `select o.id from allocations a join operations o on o.server_id = a.server_id and o.state = 'running'
      where a.cluster_id = $1 and a.node_name = $2`,
    [clusterId, nodeName],
  );
  return row?.id;
}

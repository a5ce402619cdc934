// The servers that a plan is made for, with all that it looks at, in one statement however many they are.
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { PlanSubject } from '@rackwright/domain/plans/plan-subject.ts';
import type { Sql } from '../database.ts';
import { type Condition, serverConditions } from '../inventory/server-filter.ts';

/** What the caller chose by; `filter` is kept as it was written, to be shown. */
export type Selection = { ids: ServerId[] } | { filter: string; conditions: Condition[] };

// Aliases are those of SELECT_SERVER, so that its filter works here.
const SELECT_SUBJECT = `
  select s.id, s.name, s.state::text as state, s.version, s.rack_id as "rackId", r.name as "rackName",
         coalesce((select jsonb_agg(f.name order by f.name) from power_feeds f where f.rack_id = s.rack_id), '[]') as "powerFeeds",
         case when b.server_id is not null then '{}'::jsonb end as bmc, b.credentials_key_id is not null as "hasBmcCredentials",
         coalesce((select jsonb_agg(jsonb_build_object('boot', i.boot)) from nics i where i.server_id = s.id), '[]') as nics,
         s.network_id as "networkId", host(s.address) as address,
         case when h.server_id is not null then
           jsonb_build_object('digest', md5(h.inspection::text), 'disks', h.inspection->'disks') end as hardware,
         case when a.server_id is not null then
           jsonb_build_object('clusterId', a.cluster_id, 'nodeName', a.node_name, 'nodeUid', a.node_uid,
                              'imageDigest', a.image_digest, 'rootDiskSerial', a.root_disk_serial) end as assignment,
         (select jsonb_build_object('operationId', o.id, 'type', o.type) from operations o
           where o.server_id = s.id
             and (o.state = 'running' or o.id = (select l.operation_id from server_leases l where l.server_id = s.id and l.expires_at > now()))
           order by o.state = 'running' desc limit 1) as holder
    from servers s
    join sites si on si.id = s.site_id
    left join racks r on r.id = s.rack_id
    left join networks n on n.id = s.network_id
    left join server_bmcs b on b.server_id = s.id
    left join accepted_hardware h on h.server_id = s.id
    left join allocations a on a.server_id = s.id
    left join clusters c on c.id = a.cluster_id`;

/** In the order of their names. What is chosen by id and not on file is missing. */
export async function readSubjects(sql: Sql, selection: Selection, most: number): Promise<PlanSubject[]> {
  const values: unknown[] = [most];
  const chosen =
    'ids' in selection
      ? ` and s.id = any($${values.push(selection.ids)})`
      : serverConditions({ conditions: selection.conditions }, values);
  return sql.query<PlanSubject>(`${SELECT_SUBJECT} where true${chosen} order by s.name limit $1`, values);
}

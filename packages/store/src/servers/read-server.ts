// A server's row and everything that hangs on it, as the thing that the rules know.
import type { BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import type { Server, ServerLocation } from '@rackwright/domain/server.ts';
import type { Sql } from '../database.ts';

export type ServerRecord = Server & {
  labels: Record<string, string>;
  createdAt: string;
  updatedAt: string;
  hasBmcCredentials: boolean;
  /** Where the machine went; null while it is ours. */
  retiredAs: Retirement | null;
};

type Row = Omit<ServerRecord, 'location' | 'bmc'> & ServerLocation & { bmc: NullableMembers<BmcEndpoint> | null };
type NullableMembers<T> = { [K in keyof T]: T[K] | null };

/** Ends before `where`; the alias of servers is s, of sites si, of racks r, of enclosures e, of networks n, of allocations a, of clusters c, of BMCs b. */
export const SELECT_SERVER = `
  select s.id, s.name, s.asset_tag as "assetTag", s.serial, s.state::text as state, s.state_since as "stateSince", s.version,
         s.site_id as "siteId", si.name as "siteName", s.rack_id as "rackId", r.name as "rackName",
         coalesce((select jsonb_agg(f.name order by f.name) from power_feeds f where f.rack_id = s.rack_id), '[]') as "powerFeeds",
         s.u_position as "uPosition", s.u_height as "uHeight", s.face::text as face,
         case when e.id is not null then jsonb_build_object('id', e.id, 'name', e.name, 'slot', s.slot) end as enclosure,
         s.firmware_mode::text as "firmwareMode",
         coalesce((select jsonb_agg(jsonb_build_object('mac', i.mac, 'name', i.name, 'boot', i.boot) order by i.boot desc, i.name, i.mac)
                     from nics i where i.server_id = s.id), '[]') as nics,
         s.network_id as "networkId", host(s.address) as address,
         case when b.server_id is not null then
           jsonb_build_object('protocol', b.protocol, 'address', b.address, 'port', b.port, 'tls', b.tls) end as bmc,
         h.inspection as hardware,
         case when a.server_id is not null then
           jsonb_build_object('clusterId', a.cluster_id, 'nodeName', a.node_name, 'imageDigest', a.image_digest,
                              'rootDiskSerial', a.root_disk_serial, 'nodeLabels', a.node_labels, 'nodeUid', a.node_uid) end as assignment,
         (select o.id from operations o where o.server_id = s.id and o.state = 'running') as "currentOperationId",
         s.labels, s.retired_as as "retiredAs", s.created_at as "createdAt", s.updated_at as "updatedAt", b.credentials_key_id is not null as "hasBmcCredentials"
    from servers s
    join sites si on si.id = s.site_id
    left join racks r on r.id = s.rack_id
    left join enclosures e on e.id = s.enclosure_id
    left join networks n on n.id = s.network_id
    left join server_bmcs b on b.server_id = s.id
    left join accepted_hardware h on h.server_id = s.id
    left join allocations a on a.server_id = s.id
    left join clusters c on c.id = a.cluster_id`;

export function serverOf(row: object): ServerRecord {
  const { siteId, siteName, rackId, rackName, powerFeeds, uPosition, uHeight, face, enclosure, bmc, ...rest } = row as Row;
  const location = { siteId, siteName, rackId, rackName, powerFeeds, uPosition, uHeight, face, enclosure };
  return { ...rest, location, bmc: bmc && endpointOf(bmc) };
}

export function endpointOf({ protocol, address, port, tls }: NullableMembers<BmcEndpoint>): BmcEndpoint {
  if (protocol === null || address === null) throw new Error('a BMC row without protocol or address');
  return { protocol, address, ...(port === null || port === undefined ? {} : { port }), ...(tls ? { tls } : {}) };
}

/** Refusal `not_found`. */
export async function readServer(sql: Sql, id: ServerId): Promise<ServerRecord> {
  const [row] = await sql.query<object>(`${SELECT_SERVER} where s.id = $1`, [id]);
  if (!row) throw new Refusal('not_found', { kind: 'server', id });
  return serverOf(row);
}

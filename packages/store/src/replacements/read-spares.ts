// What is known of a broken server and of those that could take its place: one statement for all of them.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Candidate, Placed } from '@rackwright/domain/placement/choose-spare.ts';
import type { Sql } from '../database.ts';

const MOST_CANDIDATES = 2_000;

const SELECT = `
  select s.id, s.name, s.site_id as "siteId", s.rack_id as "rackId", r.name as "rackName", s.network_id as "networkId",
         s.firmware_mode::text as "firmwareMode",
         coalesce((select jsonb_agg(f.name order by f.name) from power_feeds f where f.rack_id = s.rack_id), '[]') as "powerFeeds",
         coalesce((select jsonb_agg(w.name order by w.name) from rack_switches w where w.rack_id = s.rack_id), '[]') as switches,
         array_remove(array[
           case when b.credentials_key_id is null then 'bmc_missing' end,
           case when s.network_id is null or s.address is null or not exists (select from nics i where i.server_id = s.id and i.boot)
                then 'boot_nic_missing' end], null) as missing,
         case when h.server_id is not null then jsonb_build_object(
           'product', h.inspection->'system'->'product', 'architecture', h.inspection->'cpu'->'architecture',
           'cores', h.inspection->'cpu'->'cores', 'memoryBytes', h.inspection->'memoryBytes',
           'disks', (select coalesce(jsonb_agg(jsonb_build_object('sizeBytes', d->'sizeBytes', 'rotational', d->'rotational')), '[]')
                       from jsonb_array_elements(h.inspection->'disks') d)) end as hardware
    from servers s
    left join racks r on r.id = s.rack_id
    left join server_bmcs b on b.server_id = s.id
    left join accepted_hardware h on h.server_id = s.id`;

/** Refusal `not_found`. */
export async function readPlaced(sql: Sql, id: ServerId): Promise<Placed> {
  const [row] = await sql.query<Placed>(`${SELECT} where s.id = $1`, [id]);
  if (!row) throw new Refusal('not_found', { kind: 'server', id });
  return row;
}

/** The available servers of its site that nobody has, those of its own rack first; at most two thousand. */
export function readCandidates(sql: Sql, broken: Placed, except: readonly ServerId[]): Promise<Candidate[]> {
  return sql.query<Candidate>(
    `${SELECT}
      where s.state = 'available' and s.site_id = $1 and s.id <> all($2)
        and not exists (select from allocations a where a.server_id = s.id)
        and not exists (select from replacements p where p.spare_server_id = s.id and p.finished_at is null)
      order by s.rack_id is not distinct from $3 desc, s.name limit ${MOST_CANDIDATES}`,
    [broken.siteId, [broken.id, ...except], broken.rackId],
  );
}

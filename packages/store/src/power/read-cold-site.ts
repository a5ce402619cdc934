// A site as the planner of cold starts sees it.
import type { SiteId } from '@rackwright/domain/ids.ts';
import type { ColdRack, ColdServer, ColdSite } from '@rackwright/domain/power/cold-start-plan.ts';
import { ASSUMED_DRAW, drawInWatts, type PowerDraw } from '@rackwright/domain/power/draw.ts';
import type { Sql } from '../database.ts';
import { KNOWN_POWER, KNOWN_POWER_AT, POWER_JOINS } from './known-power-sql.ts';
import { readRackPower } from './read-rack-power.ts';

type Row = Omit<ColdServer, 'draw' | 'drawFrom'> & { draw: PowerDraw | null };

/** @param seenSince  RFC 3339; null believes nothing */
export async function readColdSite(sql: Sql, siteId: SiteId, seenSince: string | null): Promise<ColdSite> {
  const racks = await readRackPower(sql, { siteId });
  const switches = await sql.query<{ rackId: string; name: string; managementAddress: string | null }>(
    `select w.rack_id as "rackId", w.name, host(w.management_address) as "managementAddress"
       from rack_switches w join racks r on r.id = w.rack_id where r.site_id = $1 order by w.name`,
    [siteId],
  );
  const servers = await sql.query<Row>(
    `select s.id, s.name, s.state::text as state, s.rack_id as "rackId", s.u_position as "uPosition", s.labels,
            ${KNOWN_POWER} as power, floor(extract(epoch from ${KNOWN_POWER_AT}) * 1000)::float8 as "powerAt", m.power as draw,
            b.credentials_key_id is not null as "hasBmc",
            exists (select from operations o where o.server_id = s.id and o.state = 'running') as busy
       from servers s
       ${POWER_JOINS}
       left join server_bmcs b on b.server_id = s.id
       left join accepted_hardware h on h.server_id = s.id
       left join hardware_models m on m.product = h.inspection->'system'->>'product'
      where s.site_id = $1 and s.state <> 'retired' order by s.id`,
    [siteId],
  );
  return {
    seenSince: seenSince === null ? null : Date.parse(seenSince),
    racks: racks.map(({ id, name, circuits, atOnce }): ColdRack => {
      const its = switches.filter(({ rackId }) => rackId === id).map(({ rackId: _rack, ...one }) => one);
      return { id, name, circuits, atOnce, switches: its };
    }),
    servers: servers.map(({ draw, ...server }): ColdServer => {
      return { ...server, draw: drawInWatts(draw ?? ASSUMED_DRAW), drawFrom: draw === null ? 'assumed' : 'model' };
    }),
  };
}

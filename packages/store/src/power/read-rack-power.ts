// What a rack's circuits carry and who draws from them or wants to: read in one statement, for decisions and for people.
import type { RackId, SiteId } from '@rackwright/domain/ids.ts';
import { atOnceOf, circuitsOf, type PowerFeed, type RackPower } from '@rackwright/domain/power/circuits.ts';
import { ASSUMED_DRAW, drawInWatts, type PowerDraw } from '@rackwright/domain/power/draw.ts';
import type { RackPowerState, ServerInRack } from '@rackwright/domain/power/rack-power.ts';
import type { Sql } from '../database.ts';
import { KNOWN_POWER, POWER_JOINS } from './known-power-sql.ts';

type Row = Omit<RackPower, 'feeds'> & {
  id: RackId;
  siteId: SiteId;
  name: string;
  now: number;
  feeds: PowerFeed[];
  servers: (Omit<ServerInRack, 'draw' | 'drawFrom'> & { draw: PowerDraw | null })[];
};

const millis = (column: string) => `floor(extract(epoch from ${column}) * 1000)`;

const SELECT = `
  select r.id, r.site_id as "siteId", r.name, ${millis('clock_timestamp()')}::float8 as now,
         r.power_max_utilisation as "maxUtilisation", r.power_redundancy as redundancy,
         r.power_budget_amps as "budgetAmps", r.power_ons_at_once as "powerOnsAtOnce",
         coalesce((select jsonb_agg(jsonb_build_object('name', f.name, 'amps', f.amps, 'volts', f.volts,
                                                       'maxUtilisation', f.max_utilisation) order by f.name)
                     from power_feeds f where f.rack_id = r.id), '[]') as feeds,
         coalesce((select jsonb_agg(jsonb_build_object(
                            'id', s.id, 'name', s.name, 'state', s.state, 'power', ${KNOWN_POWER}, 'draw', m.power,
                            'operationId', p.operation_id, 'askedAt', ${millis('p.asked_at')}, 'grantedAt', ${millis('p.granted_at')},
                            'usedAt', ${millis('p.used_at')}, 'expiresAt', ${millis('p.expires_at')},
                            'live', coalesce(o.state = 'running', false)) order by s.id)
                     from servers s
                     ${POWER_JOINS}
                     left join operations o on o.id = p.operation_id
                     left join accepted_hardware h on h.server_id = s.id
                     left join hardware_models m on m.product = h.inspection->'system'->>'product'
                    where s.rack_id = r.id and s.state <> 'retired'), '[]') as servers
    from racks r`;

/** Oldest first; racks that are gone are left out. */
export async function readRackPower(sql: Sql, racks: { ids: readonly RackId[] } | { siteId: SiteId }): Promise<RackPowerState[]> {
  const [where, value] = 'siteId' in racks ? ['r.site_id = $1', racks.siteId] : ['r.id = any($1)', racks.ids];
  const rows = await sql.query<Row>(`${SELECT} where ${where} order by r.id`, [value]);
  return rows.map(({ id, siteId, name, now, servers, ...power }) => {
    const circuits = circuitsOf(name, power);
    return { id, siteId, name, now, circuits, atOnce: atOnceOf(power, circuits), servers: servers.map(withDraw) };
  });
}

function withDraw({ draw, ...server }: Row['servers'][number]): ServerInRack {
  return { ...server, draw: drawInWatts(draw ?? ASSUMED_DRAW), drawFrom: draw === null ? 'assumed' : 'model' };
}

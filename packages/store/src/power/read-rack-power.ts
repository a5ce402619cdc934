// What a rack's circuits carry and who draws from them or wants to: read in one statement, for decisions and for people.
import { atOnceOf, type Circuit, circuitsOf, type PowerFeed, type RackPower } from '@rackwright/domain/power/circuits.ts';
import { ASSUMED_DRAW, drawInWatts, type PowerDraw, type Watts } from '@rackwright/domain/power/draw.ts';
import type { PowerRequest, RunningLoad } from '@rackwright/domain/power/grant-power.ts';
import { countsAsOn } from '@rackwright/domain/power/known-power.ts';
import type { OperationId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';

export type ServerInRack = {
  id: ServerId;
  name: string;
  state: string;
  power: 'on' | 'off' | null;
  /** The model's, or the assumed one. */
  draw: Watts;
  drawFrom: 'model' | 'assumed';
  operationId: OperationId | null;
  /** Milliseconds since the epoch, as the database counts them. */
  askedAt: number | null;
  grantedAt: number | null;
  usedAt: number | null;
  expiresAt: number | null;
  /** Its operation still runs. */
  live: boolean;
};

export type RackPowerState = {
  id: RackId;
  siteId: SiteId;
  name: string;
  now: number;
  circuits: Circuit[];
  atOnce: number | undefined;
  servers: ServerInRack[];
};

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
                            'id', s.id, 'name', s.name, 'state', s.state, 'power', p.power, 'draw', m.power,
                            'operationId', p.operation_id, 'askedAt', ${millis('p.asked_at')}, 'grantedAt', ${millis('p.granted_at')},
                            'usedAt', ${millis('p.used_at')}, 'expiresAt', ${millis('p.expires_at')},
                            'live', coalesce(o.state = 'running', false)) order by s.id)
                     from servers s
                     left join server_power p on p.server_id = s.id
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

/** Granted, and the grant has not run out. */
export function holdsGrant({ grantedAt, expiresAt }: ServerInRack, now: number): boolean {
  return grantedAt !== null && expiresAt !== null && expiresAt > now;
}

/** Those whose operation still wants it; who let a grant run out unused asks again. */
export function requestsOf({ servers }: RackPowerState): PowerRequest[] {
  return servers.flatMap(({ id, live, askedAt, grantedAt, draw }) =>
    live && askedAt !== null && grantedAt === null ? [{ serverId: id, askedAt, draw }] : [],
  );
}

export function runningOf({ servers, now }: RackPowerState): RunningLoad[] {
  return servers.flatMap((server) => {
    const startsUntil = holdsGrant(server, now) ? server.expiresAt : null;
    const on = countsAsOn(server.state, server.power);
    return on || startsUntil !== null ? [{ serverId: server.id, draw: server.draw, startsUntil, on }] : [];
  });
}

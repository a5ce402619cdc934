// All that the health controller decides on, read in one go.
import { signalOfFailure } from '@rackwright/domain/health/read-signals.ts';
import { type SignalName, SIGNALS } from '@rackwright/domain/health/signals.ts';
import type { ClusterView, HealthView, ServerHealth, StandingGuard } from '@rackwright/domain/health/view.ts';
import type { RackId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { SIGHT_LIVES_SECONDS } from './cluster-sights.ts';
import { readHealthPolicy } from './health-policy.ts';
import { OF_HEALTH_POLICY } from './policy-name.ts';
import { IS_POWER_CYCLE } from './power-cycles.ts';
import { BEGUN, readBegunToday } from './read-begun.ts';

/** What only asking the BMC tells is not in it. Undefined when every server is well and nothing of ours is open: nothing to decide. */
export async function readHealthView(database: Database): Promise<HealthView | undefined> {
  const [work] = await database.query<{ some: boolean }>(
    `select exists (select from health_signals) or exists (select from health_decisions)
         or exists (select from servers where state in ('remediating', 'degraded', 'provisioning_failed'))
         or exists (select from incidents where closed_at is null) or exists (select from cluster_sights where not sees) as some`,
  );
  if (!work?.some) return undefined;
  const [now, policy, servers, clusters, guards, begunToday] = await Promise.all([
    database.query<{ ms: number }>('select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms'),
    readHealthPolicy(database),
    database.query<ServerRow>(SERVERS, [OF_HEALTH_POLICY]),
    database.query<ClusterView>(CLUSTERS, [SIGHT_LIVES_SECONDS]),
    database.query<StandingGuard>(GUARDS),
    readBegunToday(database),
  ]);
  return { now: now[0]?.ms ?? 0, policy, servers: servers.map(serverOf), clusters, guards, begunToday };
}

type ServerRow = Omit<ServerHealth, 'rack'> & {
  rackId: RackId | null;
  rackName: string | null;
  failed: { at: number; waitedFor: string } | null;
};

function serverOf({ rackId, rackName, failed, signals, ...rest }: ServerRow): ServerHealth {
  const operation = failed === null ? undefined : signalOfFailure(failed.waitedFor);
  return {
    ...rest,
    rack: rackId === null ? null : { id: rackId, name: rackName ?? '' },
    signals: [
      // A later release may have written a signal that this one does not know.
      ...signals.filter(({ signal }) => Object.hasOwn(SIGNALS, signal)),
      ...(failed && operation ? [{ signal: operation satisfies SignalName, since: failed.at, detail: failed.waitedFor }] : []),
    ],
  };
}

const millis = (column: string) => `floor(extract(epoch from ${column}) * 1000)::bigint`;

const SERVERS = `
  select s.id, s.name, s.state::text as state, a.cluster_id as "clusterId", coalesce(a.control_plane, false) as "controlPlane",
         s.rack_id as "rackId", r.name as "rackName",
         array(select f.name from power_feeds f where f.rack_id = s.rack_id order by 1) as feeds,
         array(select w.name from rack_switches w where w.rack_id = s.rack_id order by 1) as switches,
         coalesce((select jsonb_agg(jsonb_build_object('signal', h.signal, 'since', ${millis('h.since')}, 'detail', h.detail) order by h.since)
                     from health_signals h where h.server_id = s.id), '[]') as signals,
         exists (select from operations o where o.server_id = s.id and o.state = 'running') as "operationRuns",
         array(select ${millis('p.started_at')}
                 from operations o join operation_steps p on p.operation_id = o.id
                where o.server_id = s.id and o.created_at > now() - interval '4 days' and ${IS_POWER_CYCLE}
                  and p.started_at > now() - interval '24 hours' order by 1) as "powerCycles",
         case when s.state = 'degraded' then
           (select coalesce(o.error->>'code', '') from operations o
             where o.server_id = s.id and o.type = 'remediate-server' and o.state <> 'running' order by o.id desc limit 1) end as "lastFailure",
         case when s.state = 'provisioning_failed' then
           (select jsonb_build_object('at', ${millis('o.finished_at')}, 'waitedFor', coalesce(o.error->'facts'->>'waitedFor', ''))
              from operations o where o.server_id = s.id and o.state = 'failed' order by o.id desc limit 1) end as failed,
         b.credentials_sealed is not null as "hasBmc", ${BEGUN} as begun
    from servers s
    left join racks r on r.id = s.rack_id
    left join allocations a on a.server_id = s.id
    left join server_bmcs b on b.server_id = s.id
   where s.state in ('in_service', 'remediating', 'degraded', 'provisioning_failed')
      or s.state in ('reimaging', 'isolating')
         and exists (select from operations o where o.server_id = s.id and o.state = 'running' and o.requested_by like $1)`;

const CLUSTERS = `
  select c.id, c.name,
         coalesce((select jsonb_agg(jsonb_build_object('vantage', v.vantage, 'sees', v.sees, 'since', ${millis('v.since')}) order by v.vantage)
                     from cluster_sights v where v.cluster_id = c.id and v.seen_at > clock_timestamp() - make_interval(secs => $1)), '[]') as sights
    from clusters c where exists (select from allocations a where a.cluster_id = c.id)`;

const GUARDS = `
  select kind, jsonb_build_object('kind', scope_kind, 'id', scope_id, 'name', scope_name) as scope,
         ${millis(`(facts->>'lastHeldAt')::timestamptz`)} as "lastHeldAt"
    from incidents where closed_at is null and kind in ('domain_incident', 'remediation_storm') and facts ? 'lastHeldAt'`;

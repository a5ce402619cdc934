// The servers that a schedule's filter finds, as its task looks at them: one statement, however many there are.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import { type ClusterCandidate, MOST_CANDIDATES, type ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';
import { instantSql } from '../instant-sql.ts';
import { type Condition, serverConditions } from '../inventory/server-filter.ts';

/**
 * Operation o promised to keep the disks. Provisioning again gives that up for nobody; a server that was `available` since then had
 * nothing left to keep.
 */
const KEEPS = `o.type in ('reimage-server', 'isolate-server', 'validate-server')
  and not exists (select from events v where v.server_id = o.server_id and v.kind = 'server.moved' and v.payload->>'to' = 'available'
                                         and v.at >= o.created_at)`;

/** Its aliases are those that the filter knows. */
const SELECT_CANDIDATE = `
  select s.id, s.name, s.serial, s.state::text as state, s.state_since as "stateSince",
         (select o.id from operations o where o.server_id = s.id and o.state = 'running') as "currentOperationId",
         coalesce((select ${KEEPS} from operations o
                    where o.server_id = s.id and o.type <> 'provision-server' order by o.created_at desc, o.id desc limit 1), false) as "keptData",
         case when b.server_id is not null then
           jsonb_build_object('protocol', b.protocol, 'hasCredentials', b.credentials_key_id is not null, 'tlsMode', b.tls->>'mode',
             'passwordChangedAt', (select ${instantSql('max(p.ended_at)')}
                                     from bmc_password_changes p where p.server_id = s.id and p.state = 'done'),
             'passwordChangeOpen', exists (select from bmc_password_changes p
                                            where p.server_id = s.id and p.state in ('staged', 'changing', 'committed')),
             'passwordInDoubt', exists (select from bmc_password_changes p where p.server_id = s.id and p.state = 'in_doubt')) end as bmc,
         case when h.server_id is not null then
           jsonb_build_object('product', h.inspection->'system'->>'product', 'biosVersion', h.inspection->'system'->>'biosVersion',
             'acceptedAt', ${instantSql('h.accepted_at')}) end as hardware,
         case when m.id is not null then
           jsonb_build_object('bmcFirmware', m.bmc_firmware, 'biosVersion', m.bios_version) end as "expectedFirmware"
    from servers s
    join sites si on si.id = s.site_id
    left join racks r on r.id = s.rack_id
    left join networks n on n.id = s.network_id
    left join server_bmcs b on b.server_id = s.id
    left join accepted_hardware h on h.server_id = s.id
    left join hardware_models m on m.product = h.inspection->'system'->>'product'
    left join allocations a on a.server_id = s.id
    left join clusters c on c.id = a.cluster_id`;

/** In the order of their names. Refusal `too_many_candidates`. */
export async function readCandidates(sql: Sql, conditions: Condition[]): Promise<ServerCandidate[]> {
  const values: unknown[] = [MOST_CANDIDATES + 1];
  const wanted = serverConditions({ conditions }, values);
  const found = await sql.query<ServerCandidate>(`${SELECT_CANDIDATE} where true${wanted} order by s.name limit $1`, values);
  if (found.length > MOST_CANDIDATES) throw new Refusal('too_many_candidates', { most: MOST_CANDIDATES });
  return found;
}

/** As it is now; undefined when it was deleted. */
export async function readCandidate(sql: Sql, id: ServerId): Promise<ServerCandidate | undefined> {
  const [found] = await sql.query<ServerCandidate>(`${SELECT_CANDIDATE} where s.id = $1`, [id]);
  return found;
}

export function readClusterCandidates(sql: Sql): Promise<ClusterCandidate[]> {
  return sql.query<ClusterCandidate>(
    'select id, name, credentials_key_id is not null as "hasCredentials" from clusters order by name limit 1000',
  );
}

/** Undefined when none was ever accepted. */
export async function readAcceptedInspection(sql: Sql, id: ServerId): Promise<Inspection | undefined> {
  const [row] = await sql.query<{ inspection: Inspection }>('select inspection from accepted_hardware where server_id = $1', [
    id,
  ]);
  return row?.inspection;
}

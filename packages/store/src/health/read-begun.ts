// What the upper rungs began for servers, and how much of it today: read from the records themselves, no counter can be lost.
import type { HealthView } from '@rackwright/domain/health/view.ts';
import type { Database } from '../database.ts';
import { HEALTH_POLICY_NAME } from './policy-name.ts';

const millis = (column: string) => `floor(extract(epoch from ${column}) * 1000)::bigint`;
const row = (alias: string, fields: Record<string, string>) =>
  `select ${alias}.created_at, jsonb_build_object(${Object.entries({ ...fields, at: millis(`${alias}.created_at`) })
    .map(([name, value]) => `'${name}', ${value}`)
    .join(', ')}) as one`;

/** An expression for the server with the alias s: the newest twenty of what matters still, as `Begun`. */
export const BEGUN = `
  coalesce((select jsonb_agg(b.one order by b.created_at desc) from (
    (${row('w', { remedy: `'open_work_order'`, id: 'w.id', cause: 'w.cause', state: 'w.state', over: `w.state in ('closed', 'cancelled')` })}
       from work_orders w where w.server_id = s.id order by w.id desc limit 10)
    union all
    (${row('p', { remedy: `'replace'`, id: 'p.id', cause: `''`, state: 'p.state', over: 'p.finished_at is not null' })}
       from replacements p where p.broken_server_id = s.id order by p.id desc limit 5)
    union all
    (${row('o', { remedy: `'reimage'`, id: 'o.id', cause: `''`, state: 'o.state::text', over: `o.state <> 'running'` })}
       from operations o where o.server_id = s.id and o.type = 'reimage-server'
        and not exists (select from operations l where l.server_id = s.id and l.id > o.id and l.type in ('provision-server', 'release-server'))
      order by o.id desc limit 5)) b), '[]')`;

/** What the policy itself began within 24 hours, by cluster. */
export function readBegunToday(database: Database): Promise<HealthView['begunToday']> {
  return database.query(
    `select remedy, "clusterId", count(*) as count from (
       select 'reimage' as remedy, a.cluster_id as "clusterId"
         from operations o left join allocations a on a.server_id = o.server_id
        where o.type = 'reimage-server' and o.requested_by = $1 and o.created_at > now() - interval '24 hours'
       union all
       select 'replace', p.install->>'clusterId' from replacements p
        where p.requested_by = $1 and p.created_at > now() - interval '24 hours'
       union all
       select 'open_work_order', a.cluster_id
         from work_orders w left join allocations a on a.server_id = w.server_id
        where w.opened_by = $1 and w.created_at > now() - interval '24 hours') b
      group by 1, 2`,
    [HEALTH_POLICY_NAME],
  );
}

// What the upper rungs began for servers, and how much of it today: read from the records themselves, no counter can be lost.
import type { HealthView } from '@rackwright/domain/health/view.ts';
import type { Database } from '../database.ts';
import { HEALTH_POLICY_NAME } from './policy-name.ts';

const millis = (column: string) => `floor(extract(epoch from ${column}) * 1000)::bigint`;
const one = (alias: string, facts: string) =>
  `jsonb_build_object('remedy', remedy, 'id', ${alias}.id, 'cause', cause, 'state', ${alias}.state::text, 'over', over,
                      'at', ${millis(`${alias}.created_at`)}, 'facts', jsonb_strip_nulls(${facts})) as one, ${alias}.created_at`;

/** An expression for the server with the alias s: the newest twenty of what matters still, as `Begun`; none of one that is well. */
export const BEGUN = `
  coalesce(case when s.state <> 'in_service' or exists (select from health_signals h where h.server_id = s.id) then
    (select jsonb_agg(b.one order by b.created_at desc) from (
      (select ${one('w', `jsonb_build_object('part', w.part_kind, 'slot', w.part_slot, 'partSerial', w.old_part_serial)`)}
         from work_orders w, lateral (select 'open_work_order' as remedy, w.state in ('closed', 'cancelled') as over) r
        where w.server_id = s.id order by w.id desc limit 10)
      union all
      (select ${one('p', `jsonb_build_object('spare', (select t.name from servers t where t.id = p.spare_server_id))`)}
         from replacements p, lateral (select 'replace' as remedy, '' as cause, p.finished_at is not null as over) r
        where p.broken_server_id = s.id order by p.id desc limit 5)
      union all
      (select ${one('o', `'{}'::jsonb`)}
         from operations o, lateral (select 'reimage' as remedy, '' as cause, o.state <> 'running' as over) r
        where o.server_id = s.id and o.type = 'reimage-server'
          and not exists (select from operations l
                           where l.server_id = s.id and l.id > o.id and l.type in ('provision-server', 'release-server'))
        order by o.id desc limit 5)) b) end, '[]')`;

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

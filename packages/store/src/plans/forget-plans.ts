// Plans that nobody carried out are forgotten a day after they expired; what was carried out is a record of what was done.
import type { Sql } from '../database.ts';

/** Large plans have thousands of items: a few plans at a time. @returns how many it forgot */
export async function forgetPlans(sql: Sql): Promise<number> {
  const gone = await sql.query(
    `delete from plans where id in (
       select p.id from plans p where p.expires_at < now() - interval '1 day'
          and not exists (select from bulk_operations b where b.plan_id = p.id) order by p.expires_at limit 100)
      returning 1`,
  );
  // What became of each server stays with the bulk operation; what was foreseen of it is large, and of no use any more.
  await sql.query(
    `delete from plan_items where (plan_id, position) in (
       select i.plan_id, i.position from plan_items i join bulk_operations b on b.plan_id = i.plan_id
        where b.finished_at < now() - interval '30 days' limit 10000)`,
  );
  return gone.length;
}

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
  return gone.length;
}

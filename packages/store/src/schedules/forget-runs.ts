// Forgets runs of schedules that ended long ago, with their items: skipped ones after a week, for a minute's schedule skips many.
import type { Sql } from '../database.ts';

const MOST_RUNS = 1_000;
const MOST_ITEMS = 50_000;

/** @returns how many it forgot */
export async function forgetScheduleRuns(sql: Sql): Promise<number> {
  // Who was left alone, and why, is of use for days; what was done, for months.
  await sql.query(
    `delete from schedule_run_items where ctid in (
       select i.ctid from schedule_run_items i join schedule_runs r on r.id = i.run_id
        where i.state = 'skipped' and r.ended_at < now() - interval '7 days' limit ${MOST_ITEMS})`,
  );
  const gone = await sql.query(
    `delete from schedule_runs where id in (
       select id from schedule_runs
        where ended_at < now() - interval '90 days' or (state = 'skipped' and ended_at < now() - interval '7 days')
        order by ended_at limit ${MOST_RUNS}) returning 1`,
  );
  return gone.length;
}

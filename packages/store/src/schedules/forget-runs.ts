// Forgets runs of schedules that ended long ago, with their items: skipped ones after a week, for a minute's schedule skips many.
import type { Sql } from '../database.ts';

const MOST_RUNS = 1_000;

/** @returns how many it forgot */
export async function forgetScheduleRuns(sql: Sql): Promise<number> {
  const gone = await sql.query(
    `delete from schedule_runs where id in (
       select id from schedule_runs
        where ended_at < now() - interval '90 days' or (state = 'skipped' and ended_at < now() - interval '7 days')
        order by ended_at limit ${MOST_RUNS}) returning 1`,
  );
  return gone.length;
}

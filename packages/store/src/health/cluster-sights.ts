// What each of our processes sees of the clusters' API servers: a second vantage is another process, on another machine or site.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { Sql } from '../database.ts';

export type Sight = { clusterId: ClusterId; sees: boolean; why: string };

/** A process that died must not keep everybody from acting. */
export const SIGHT_LIVES_SECONDS = 60;

/** May be repeated; has to be, more often than `SIGHT_LIVES_SECONDS`. */
export async function noteSights(sql: Sql, vantage: string, sights: readonly Sight[]): Promise<void> {
  await sql.query(
    `with told as (
       select t."clusterId" as cluster_id, t.sees, t.why from jsonb_to_recordset($2::jsonb) as t("clusterId" text, sees boolean, why text)
         join clusters c on c.id = t."clusterId"),
     old as (delete from cluster_sights where seen_at < now() - interval '1 day')
     insert into cluster_sights as s (cluster_id, vantage, sees, why, since, seen_at)
     select cluster_id, $1, sees, why, clock_timestamp(), clock_timestamp() from told
     on conflict (cluster_id, vantage) do update
       set sees = excluded.sees, why = excluded.why, seen_at = excluded.seen_at,
           since = case when s.sees = excluded.sees then s.since else excluded.since end`,
    [vantage, JSON.stringify(sights)],
  );
}

/** A process that stops in order is not blind. */
export async function forgetSights(sql: Sql, vantage: string): Promise<void> {
  await sql.query('delete from cluster_sights where vantage = $1', [vantage]);
}

/** Clusters with servers of ours in them. */
export async function clustersInUse(sql: Sql): Promise<ClusterId[]> {
  const rows = await sql.query<{ id: ClusterId }>(
    'select distinct cluster_id as id from allocations where cluster_id is not null order by 1',
  );
  return rows.map(({ id }) => id);
}

// What a plan depends on beside its servers: images, clusters, node names on file, who serves where, and how long such operations took.
import type { ClusterId, ServerId } from '@rackwright/domain/ids.ts';
import { type History, nodeKey, type PlanWorld } from '@rackwright/domain/plans/plan-subject.ts';
import type { WorkflowName } from '@rackwright/domain/server-lifecycle/table.ts';
import type { Sql } from '../database.ts';

export type ClusterOnFile = { id: ClusterId; name: string; hasCredentials: boolean };
export type WorldOnFile = Omit<PlanWorld, 'clusters'> & { clusters: ClusterOnFile[] };

/** Of so many newest operations of a type the median is taken. */
const MEASURED = 200;

/** @param target  the cluster that servers are to join, if they are */
export async function readPlanWorld(sql: Sql, workflow: WorkflowName, target: ClusterId | undefined): Promise<WorldOnFile> {
  const images = await sql.query<{ digest: string; bytes: number }>('select digest, size_bytes as bytes from images');
  const clusters = await sql.query<ClusterOnFile>(
    'select id, name, credentials_key_id is not null as "hasCredentials" from clusters order by name',
  );
  const taken = await sql.query<{ nodeName: string; serverId: ServerId; server: string }>(
    `select a.node_name as "nodeName", a.server_id as "serverId", s.name as server
       from allocations a join servers s on s.id = a.server_id where a.cluster_id = $1`,
    [target ?? null],
  );
  return {
    images: new Map(images.map(({ digest, bytes }) => [digest, bytes])),
    clusters,
    nodeNames: new Map(taken.map(({ nodeName, ...owner }) => [nodeKey(target as ClusterId, nodeName), owner])),
    history: new Map([[workflow, await readHistory(sql, workflow)]]),
    serving: await readServing(sql),
  };
}

/** A server with a Node's uid serves: it is taken off the record the moment it leaves. */
async function readServing(sql: Sql): Promise<Map<string, number>> {
  const rows = await sql.query<{ place: string; servers: number }>(
    `select 'cluster ' || a.cluster_id as place, count(*) as servers from allocations a
      where a.node_uid is not null and a.cluster_id is not null group by a.cluster_id
     union all
     select 'rack ' || s.rack_id, count(*) from allocations a join servers s on s.id = a.server_id
      where a.node_uid is not null and s.rack_id is not null group by s.rack_id`,
  );
  return new Map(rows.map(({ place, servers }) => [place, servers]));
}

async function readHistory(sql: Sql, workflow: WorkflowName): Promise<History> {
  const [whole] = await sql.query<{ seconds: number | null; samples: number }>(
    `select percentile_cont(0.5) within group (order by extract(epoch from finished_at - created_at))::float8 as seconds, count(*) as samples
       from (select created_at, finished_at from operations where type = $1 and state = 'succeeded' order by id desc limit ${MEASURED}) o`,
    [workflow],
  );
  const steps = await sql.query<{ name: string; seconds: number }>(
    `select p.name, percentile_cont(0.5) within group (order by extract(epoch from p.updated_at - p.started_at))::float8 as seconds
       from operation_steps p
      where p.state = 'done' and p.operation_id in
              (select id from operations where type = $1 and state = 'succeeded' order by id desc limit ${MEASURED})
      group by p.name`,
    [workflow],
  );
  return {
    whole: whole?.seconds == null ? null : { seconds: whole.seconds, samples: whole.samples },
    steps: new Map(steps.map(({ name, seconds }) => [name, seconds])),
  };
}

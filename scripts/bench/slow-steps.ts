// Where the time of operations goes: for each step how long it took, half of the servers and all of them.
import pg from 'pg';
import { table } from './results.ts';

type Row = { type: string; name: string; times: number; attempts: number; median: number; most: number };

export async function slowSteps(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(
      `select o.type, s.name, count(*)::int as times, sum(s.attempt)::int as attempts,
              (percentile_cont(0.5) within group (order by extract(epoch from s.updated_at - s.started_at)))::float8 as median,
              max(extract(epoch from s.updated_at - s.started_at))::float8 as most
         from operation_steps s join operations o on o.id = s.operation_id
        group by o.type, s.name order by o.type, median desc`,
    );
    const cells = rows.map((row) => [`${row.type}: ${row.name}`, String(row.times), String(row.attempts), row.median, row.most]);
    return table([['step', 'times', 'attempts', 'median s', 'most s'], ...cells]);
  } finally {
    await client.end();
  }
}

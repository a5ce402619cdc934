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

/** How many servers are in which state, and what their operations wait for. */
export async function whatHoldsThemUp(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ state: string; step: string; waits: string; due: string; many: number }>(
      `select s.state::text as state, coalesce(o.waiting_for->>'code', '-') as waits, count(*)::int as many,
              coalesce((select p.name from operation_steps p where p.operation_id = o.id order by p.position desc limit 1), '-') as step,
              case when o.id is null then '-' when o.run_until is not null then 'runs' when o.wake_at < now() then 'due' else 'sleeps' end as due
         from servers s left join operations o on o.server_id = s.id and o.state = 'running'
        group by 1, 2, 4, 5 order by many desc limit 40`,
    );
    return table([
      ['state', 'step', 'waits for', 'operation', 'servers'],
      ...rows.map(({ state, step, waits, due, many }) => [state, step, waits, due, String(many)]),
    ]);
  } finally {
    await client.end();
  }
}

// The peer of every figure: fixed work on the same machine in the same run, so that a slow machine slows both sides of the ratio.
import { createHash } from 'node:crypto';
import pg from 'pg';

export type Reference = {
  /** Wall time of one transaction of one INSERT and one UPDATE, ten clients at once. */
  secondsPerTransaction: number;
  /** CPU time of one round of JSON and SHA-256 in this process. */
  cpuSecondsPerRound: number;
};

const TRANSACTIONS = 2_000;
const CLIENTS = 10;
const ROUNDS = 200;

export async function referenceLoad(url: string): Promise<Reference> {
  return { secondsPerTransaction: await transactions(url), cpuSecondsPerRound: rounds() };
}

/** The mean of what was measured before and after: other load on the machine changes meanwhile. */
export function meanOf(a: Reference, b: Reference): Reference {
  return {
    secondsPerTransaction: (a.secondsPerTransaction + b.secondsPerTransaction) / 2,
    cpuSecondsPerRound: (a.cpuSecondsPerRound + b.cpuSecondsPerRound) / 2,
  };
}

async function transactions(url: string): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: CLIENTS });
  try {
    await pool.query('create schema if not exists reference_load');
    await pool.query('drop table if exists reference_load.rows');
    await pool.query('create table reference_load.rows (id int primary key, content jsonb, version int)');
    let next = 0;
    const began = performance.now();
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        for (let id = next++; id < TRANSACTIONS; id = next++) await oneTransaction(pool, id);
      }),
    );
    return (performance.now() - began) / 1_000 / TRANSACTIONS;
  } finally {
    await pool.end();
  }
}

async function oneTransaction(pool: pg.Pool, id: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('insert into reference_load.rows values ($1, $2, 1)', [id, JSON.stringify({ id, text: 'x'.repeat(200) })]);
    await client.query('update reference_load.rows set version = version + 1 where id = $1', [id]);
    await client.query('commit');
  } finally {
    client.release();
  }
}

function rounds(): number {
  const content = Array.from({ length: 200 }, (_, n) => ({ id: `server-${n}`, state: 'available', labels: { rack: `r${n}` } }));
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) {
    const text = JSON.stringify(JSON.parse(JSON.stringify({ round, content })));
    createHash('sha256').update(text).digest('hex');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / ROUNDS;
}

// Which part of the fleet each worker sweeps: 64 shards, shared out evenly among the workers that live.
import { sweepTier, SWEEP_PACES, sweptStates } from '@rackwright/domain/bmc-sweep/tiers.ts';
import type { Database } from '../database.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

export const SHARDS = 64;

export type SweepShare = {
  shards: number[];
  /** How many workers share the fleet now. */
  workers: number;
  /** The database's clock, milliseconds since the epoch. */
  now?: number | undefined;
};

/**
 * Tells that this worker lives, renews its shards, takes free ones up to its fair share, gives back what is more than that.
 * @param forMs  until it counts as dead
 */
export function beat(database: Database, worker: string, forMs: number): Promise<SweepShare> {
  return inTransaction(database, async (tx) => {
    await tx.query(
      `insert into bmc_sweepers (worker, beat_until) values ($1, clock_timestamp() + make_interval(secs => $2))
       on conflict (worker) do update set beat_until = excluded.beat_until`,
      [worker, forMs / 1000],
    );
    const [living] = await tx.query<{ workers: number; now: number }>(
      `select count(*)::int as workers, floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now
         from bmc_sweepers where beat_until > clock_timestamp()`,
    );
    const workers = Math.max(living?.workers ?? 1, 1);
    const fair = Math.ceil(SHARDS / workers);
    return { workers, now: living?.now, shards: await takeShards(tx, worker, forMs, fair) };
  });
}

async function takeShards(tx: Transaction, worker: string, forMs: number, fair: number): Promise<number[]> {
  const held = await tx.query<{ shard: number }>(
    `with mine as (select shard, row_number() over (order by shard) as nth from bmc_sweep_shards where worker = $1)
     update bmc_sweep_shards s
        set worker = case when nth <= $3 then $1 end, until = case when nth <= $3 then clock_timestamp() + make_interval(secs => $2) end
       from mine where s.shard = mine.shard and s.worker = $1 returning s.shard, s.worker`,
    [worker, forMs / 1000, fair],
  );
  const kept = held.filter((row) => 'worker' in row && row.worker === worker).map(({ shard }) => shard);
  if (kept.length >= fair) return kept;
  const taken = await tx.query<{ shard: number }>(
    `update bmc_sweep_shards set worker = $1, until = clock_timestamp() + make_interval(secs => $2)
      where shard in (select shard from bmc_sweep_shards where worker is null or until < clock_timestamp()
                       order by shard limit $3 for update skip locked) returning shard`,
    [worker, forMs / 1000, fair - kept.length],
  );
  return [...kept, ...taken.map(({ shard }) => shard)];
}

/** Its shards are free at once; what it asked at this moment may be asked by others. */
export async function leaveSweep(database: Database, worker: string): Promise<void> {
  await database.query(
    `with gone as (delete from bmc_sweepers where worker = $1 or beat_until < clock_timestamp() - interval '1 hour'),
          freed as (update bmc_sweep_shards set worker = null, until = null where worker = $1)
     update bmc_readings set asked_by = null, asked_until = null where starts_with(asked_by, $1)`,
    [worker],
  );
}

/** What makes one BMC and one way into it: another address or other credentials make another mark. Alias b: server_bmcs. */
export const MARK = `md5(concat_ws('|', b.protocol, b.address, b.port, b.tls::text, encode(b.credentials_nonce, 'hex')))`;

/** A BMC that refused us is asked again once it or its credentials are others; not twice in a minute, whoever changes them how often. */
const REOPENED = `
  update bmc_readings r set due_at = greatest(clock_timestamp(), r.last_error_at + interval '1 minute')
    from server_bmcs b where b.server_id = r.server_id and r.circuit = 'refused' and r.due_at = 'infinity' and r.refused_mark <> ${MARK}`;

/** Servers that came into a swept state are looked at from now on, each at its own place in the interval. */
export async function admitServers(database: Database): Promise<void> {
  await database.query(
    `insert into bmc_readings (server_id, spread, due_at)
     select s.id, n.spread, clock_timestamp() + make_interval(secs => (n.spread % t.look_ms) / 1000.0)
       from servers s
       join server_bmcs b on b.server_id = s.id and b.credentials_key_id is not null
       join jsonb_to_recordset($1) t(state text, look_ms bigint) on t.state = s.state::text
      cross join lateral (select ('x' || substr(md5(s.id), 1, 8))::bit(32)::bigint as spread) n
      where not exists (select from bmc_readings r where r.server_id = s.id)
     on conflict do nothing`,
    [JSON.stringify(sweptStates().map((state) => ({ state, look_ms: paceOf(state) })))],
  );
  await database.query(REOPENED);
}

function paceOf(state: Parameters<typeof sweepTier>[0]): number {
  const tier = sweepTier(state);
  return SWEEP_PACES[tier === 'none' ? 'idle' : tier].lookMs;
}

/** As if their time had come: those that are asked as usual, or also those whose circuit is open. @returns how many */
export async function lookAtAllNow(database: Database, which: 'closed' | 'open_too' = 'open_too'): Promise<number> {
  const rows = await database.query(
    `update bmc_readings set due_at = date_trunc('milliseconds', now()) where due_at < 'infinity' and ($1 = 'open_too' or circuit = 'closed') returning 1`,
    [which],
  );
  return rows.length;
}

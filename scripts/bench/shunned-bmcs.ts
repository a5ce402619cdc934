// Which BMCs the sweep leaves alone, by its own records, and what came at them, by their own count.
import type { Shunned, ShunnedAt } from './judge-bmcs.ts';

export type Query = (text: string) => Promise<{ rows: Record<string, unknown>[] }>;
/** What came at BMCs in trouble, by serial; null where nobody listens. */
type Counts = () => Promise<Record<string, number | null>>;
type Kept = Omit<Shunned, 'asked'> & { serial: string };

const MILLISECONDS = (column: string): string => `floor(extract(epoch from ${column}) * 1000)::float8`;

/** Read before they are counted: whoever is asked in between had its time before the sweep. */
export async function shunnedBefore(query: Query, counts: Counts): Promise<ShunnedAt> {
  const { at, records } = await read(query);
  return together(at, records, await counts());
}

/** Counted before the clock is read: whoever was asked had its time by then. */
export async function shunnedAfter(query: Query, counts: Counts): Promise<ShunnedAt> {
  const counted = await counts();
  const { at, records } = await read(query);
  return together(at, records, counted);
}

async function read(query: Query): Promise<{ at: number; records: Kept[] }> {
  const { rows } = await query(
    `select s.serial, r.circuit, ${MILLISECONDS('r.retry_at')} as "retryAt", ${MILLISECONDS('r.last_error_at')} as "lastErrorAt"
       from bmc_readings r join servers s on s.id = r.server_id where r.circuit <> 'closed'`,
  );
  const { rows: clock } = await query(`select ${MILLISECONDS('clock_timestamp()')} as at`);
  return { at: Number(clock[0]?.['at']), records: rows as Kept[] };
}

function together(at: number, records: readonly Kept[], counted: Record<string, number | null>): ShunnedAt {
  return { at, bmcs: new Map(records.map(({ serial, ...one }) => [serial, { ...one, asked: counted[serial] ?? null }])) };
}

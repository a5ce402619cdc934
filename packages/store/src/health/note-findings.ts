// What BMCs report as broken, written down as signals: after a hardware check, and by whoever sweeps the BMCs.
import type { SeenSignal } from '@rackwright/domain/health/read-signals.ts';
import { familyOf } from '@rackwright/domain/health/signals.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Findings } from '@rackwright/workflows/ports.ts';
import type { Database, Sql } from '../database.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { type Changed, tellSignals } from './note-nodes.ts';

export type BmcReading = { serverId: ServerId; findings: readonly SeenSignal[] };

/**
 * All that the BMCs of these servers report now; what they reported before and not any more is cleared. Two statements for a whole
 * sweep. May be repeated. @param readings  one per server, and none for a BMC that did not answer
 */
export async function noteBmcFindings(tx: Transaction, readings: readonly BmcReading[]): Promise<void> {
  const told = readings.flatMap(({ serverId, findings }) =>
    findings.map(({ signal, detail }) => ({ serverId, signal, detail, family: familyOf(signal) })),
  );
  const ids = readings.map(({ serverId }) => serverId);
  tellSignals(tx, await tx.query<Changed>(NOTE, [JSON.stringify(told), ids]));
}

/** Somebody says that it is well, or it was repaired: what its BMC reported is history. */
export async function forgetFindings(sql: Sql, serverId: ServerId): Promise<void> {
  await sql.query(`delete from health_signals where server_id = $1 and source = 'bmc'`, [serverId]);
}

export function postgresFindings(database: Database): Findings {
  return {
    record: (serverId, findings) => inTransaction(database, (tx) => noteBmcFindings(tx, [{ serverId, findings }])),
  };
}

const NOTE = `
  with told as (
    select t."serverId" as server_id, t.family, t.signal, t.detail
      from jsonb_to_recordset($1::jsonb) as t("serverId" text, family text, signal text, detail text)
      join servers s on s.id = t."serverId"),
  before as (select server_id, family, signal from health_signals where server_id = any($2::text[]) and source = 'bmc'),
  written as (
    insert into health_signals as h (server_id, family, signal, source, detail, since)
    select server_id, family, signal, 'bmc', detail, clock_timestamp() from told
    on conflict (server_id, family) do update set signal = excluded.signal, detail = excluded.detail
      where (h.signal, h.detail) is distinct from (excluded.signal, excluded.detail)),
  gone as (
    delete from health_signals h using before b
     where h.server_id = b.server_id and h.family = b.family
       and not exists (select from told t where t.server_id = b.server_id and t.family = b.family))
  select server_id as "serverId", signal, detail, 'raised' as change from told t
   where not exists (select from before b where b.server_id = t.server_id and b.signal = t.signal)
  union all
  select server_id, signal, '', 'cleared' from before b
   where not exists (select from told t where t.server_id = b.server_id and t.signal = b.signal)`;

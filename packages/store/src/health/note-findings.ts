// What BMCs report as broken, written down as signals: after a hardware check, and by the sweep of the BMCs.
import type { SeenSignal } from '@rackwright/domain/health/read-signals.ts';
import { familyOf, type SignalName } from '@rackwright/domain/health/signals.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Findings } from '@rackwright/workflows/ports.ts';
import type { Database } from '../database.ts';
import { inTransaction, type Transaction } from '../transaction.ts';
import { type Changed, tellSignals } from './note-nodes.ts';

export type BmcReading = { serverId: ServerId; findings: readonly SeenSignal[] };

/**
 * Stand afterwards, beside what stood before: an event log tells of moments, so nothing in it says that a fault is gone. One statement
 * for a whole sweep, none when nothing was found. May be repeated: a finding that stands keeps its time.
 */
export async function raiseFindings(tx: Transaction, readings: readonly BmcReading[]): Promise<void> {
  const told = readings.flatMap(({ serverId, findings }) =>
    findings.map(({ signal, detail }) => ({ serverId, signal, detail, family: familyOf(signal) })),
  );
  if (told.length > 0) tellSignals(tx, await tx.query<Changed>(RAISE, [JSON.stringify(told)]));
}

/** What a BMC says of its machine now. */
export type BmcSummary = { serverId: ServerId; critical: boolean };

/**
 * Stands as long as the BMC says so, and goes when it says something better: whoever forgot it meanwhile is told again. One statement for
 * all of them. May be repeated: what stands keeps its time.
 */
export async function noteSummaries(tx: Transaction, summaries: readonly BmcSummary[]): Promise<void> {
  if (summaries.length === 0) return;
  const signal: SignalName = 'bmc_critical';
  tellSignals(tx, await tx.query<Changed>(SUMMARIES, [JSON.stringify(summaries), signal, familyOf(signal), SAID]));
}

const SAID = 'the health that its BMC sums up from all parts is critical';

/** Somebody says that it is well, it was repaired, or it is nobody's any more: what its BMC reported is history. */
export function forgetFindings(tx: Transaction, serverId: ServerId, by?: string): Promise<void> {
  return forget(tx, serverId, 'bmc', by);
}

/** It serves anew: what was seen of its Node before is history. */
export function forgetNodeSignals(tx: Transaction, serverId: ServerId): Promise<void> {
  return forget(tx, serverId, 'node');
}

async function forget(tx: Transaction, serverId: ServerId, source: 'bmc' | 'node', by?: string): Promise<void> {
  const gone = await tx.query<Changed>(
    `delete from health_signals where server_id = $1 and source = $2
     returning server_id as "serverId", signal, detail, 'cleared' as change`,
    [serverId, source],
  );
  tellSignals(tx, gone, by);
}

export function postgresFindings(database: Database): Findings {
  return {
    record: (serverId, findings) => inTransaction(database, (tx) => raiseFindings(tx, [{ serverId, findings }])),
  };
}

const RAISE = `
  with told as (
    select t."serverId" as server_id, t.family, t.signal, t.detail
      from jsonb_to_recordset($1::jsonb) as t("serverId" text, family text, signal text, detail text)
      join servers s on s.id = t."serverId"),
  before as (select h.server_id, h.family from health_signals h join told using (server_id, family)),
  written as (
    insert into health_signals as h (server_id, family, signal, source, detail, since)
    select server_id, family, signal, 'bmc', detail, clock_timestamp() from told
    on conflict (server_id, family) do update set signal = excluded.signal, detail = excluded.detail
      where (h.signal, h.detail) is distinct from (excluded.signal, excluded.detail))
  select t.server_id as "serverId", t.signal, t.detail, 'raised' as change from told t
   where not exists (select from before b where b.server_id = t.server_id and b.family = t.family)`;

// A look may end after its server was retired: that is nobody's trouble any more.
const SUMMARIES = `
  with told as (select * from jsonb_to_recordset($1::jsonb) as t("serverId" text, critical boolean)),
  raised as (
    insert into health_signals (server_id, family, signal, source, detail, since)
    select s.id, $3, $2, 'bmc', $4, clock_timestamp()
      from told t join servers s on s.id = t."serverId" where t.critical and s.state <> 'retired'
    on conflict (server_id, family) do nothing
    returning server_id, signal, detail),
  cleared as (
    delete from health_signals h using told t where h.server_id = t."serverId" and h.family = $3 and not t.critical
    returning h.server_id, h.signal, h.detail)
  select server_id as "serverId", signal, detail, 'raised' as change from raised
  union all
  select server_id, signal, detail, 'cleared' from cleared`;

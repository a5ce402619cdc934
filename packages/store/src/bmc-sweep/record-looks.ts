// Writes what a batch of looks saw: one statement each for readings, log entries and signals, one event for each change.
import type { BmcLogEntry } from '@rackwright/domain/bmc.ts';
import type { LogCursor } from '@rackwright/domain/bmc-sweep/log-cursor.ts';
import type { BmcReading, ReadingChange } from '@rackwright/domain/bmc-sweep/reading.ts';
import { saysCritical, signalsOfNewEntries } from '@rackwright/domain/health/read-signals.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { noteSummaries, raiseFindings } from '../health/note-findings.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

export type RecordedLook = {
  serverId: ServerId;
  reading: BmcReading;
  change: ReadingChange;
  /** Epoch milliseconds; null: not before something changes. */
  dueAt: number | null;
  /** Which way in was refused; null unless the circuit is. */
  refusedMark: string | null;
  /** Undefined: the log was not read. */
  log?: { readAt: number; cursor: LogCursor; notable: BmcLogEntry[] /** It was the first reading. */; historic: boolean };
};

/** Kept for each server, whatever its BMC writes. */
const MOST_ENTRIES = 100;
const LONGEST_MESSAGE = 500;

/** Looks of which the right was lost meanwhile are left out: whoever has it writes. */
export function recordLooks(database: Database, worker: string, looks: readonly RecordedLook[]): Promise<void> {
  return inTransaction(database, async (tx) => {
    const written = await tx.query<{ serverId: ServerId }>(RECORD, [JSON.stringify(looks.map(rowOf)), worker]);
    const ours = new Set(written.map(({ serverId }) => serverId));
    const recorded = looks.filter(({ serverId }) => ours.has(serverId));
    await insertEntries(tx, recorded);
    // What was in a log when it was first read may be years old.
    const fresh = recorded.flatMap(({ serverId, log }) => (log && !log.historic ? [{ serverId, notable: log.notable }] : []));
    await raiseFindings(
      tx,
      fresh.map(({ serverId, notable }) => ({ serverId, findings: signalsOfNewEntries(notable) })),
    );
    await noteSummaries(
      tx,
      recorded.flatMap(({ serverId, reading }) => {
        const critical = saysCritical(reading);
        return critical === undefined ? [] : [{ serverId, critical }];
      }),
    );
    for (const look of recorded) emitChanges(tx, look);
  });
}

const RECORD = `
  update bmc_readings r
     set power = x.power, health = x.health, seen_at = to_timestamp(x."seenAt" / 1000.0),
         unreachable_since = to_timestamp(x."unreachableSince" / 1000.0), failures = x.failures, circuit = x.circuit, openings = x.openings,
         retry_at = to_timestamp(x."retryAt" / 1000.0), last_error = x."lastError", last_error_at = to_timestamp(x."lastErrorAt" / 1000.0),
         refused_mark = x."refusedMark", due_at = coalesce(to_timestamp(x."dueAt" / 1000.0), 'infinity'),
         log_read_at = coalesce(to_timestamp(x."logReadAt" / 1000.0), r.log_read_at),
         log_cursor = case when x."logReadAt" is null then r.log_cursor else nullif(x."logCursor", 'null'::jsonb) end,
         asked_by = null, asked_until = null
    from jsonb_to_recordset($1) x(
           "serverId" text, power text, health text, "seenAt" float8, "unreachableSince" float8, failures int, circuit text, openings int,
           "retryAt" float8, "lastError" text, "lastErrorAt" float8, "refusedMark" text, "dueAt" float8, "logReadAt" float8, "logCursor" jsonb)
   where r.server_id = x."serverId" and r.asked_by = $2
  returning r.server_id as "serverId"`;

function rowOf({ serverId, reading, dueAt, refusedMark, log }: RecordedLook): object {
  const { circuit, lastError, ...rest } = reading;
  return {
    serverId,
    ...rest,
    failures: circuit.failures,
    circuit: circuit.state,
    openings: circuit.openings,
    retryAt: circuit.retryAt,
    lastError: lastError?.code ?? null,
    lastErrorAt: lastError?.at ?? null,
    refusedMark,
    dueAt,
    logReadAt: log?.readAt ?? null,
    logCursor: log?.cursor ?? null,
  };
}

/** BMCs without a clock write years that no calendar has. */
const plausible = (at: string | null): string | null => (at !== null && /^(19[7-9]|20)\d/.test(at) ? at : null);

async function insertEntries(tx: Transaction, looks: readonly RecordedLook[]): Promise<void> {
  const rows = looks.flatMap(({ serverId, log }) =>
    (log?.notable ?? []).map(({ id, at, severity, message }) => {
      return {
        serverId,
        id,
        at: plausible(at),
        severity,
        message: message.replaceAll('\0', '').slice(0, LONGEST_MESSAGE).toWellFormed(),
        historic: log?.historic,
      };
    }),
  );
  if (rows.length === 0) return;
  await tx.query(
    `insert into bmc_log_entries (server_id, entry_id, at, severity, message, historic)
     select "serverId", left(id, 200), at, severity, message, historic
       from jsonb_to_recordset($1) e("serverId" text, id text, at timestamptz, severity text, message text, historic boolean)`,
    [JSON.stringify(rows)],
  );
  await tx.query(
    `delete from bmc_log_entries e using (
       select seq, row_number() over (partition by server_id order by seq desc) as nth from bmc_log_entries where server_id = any($1)) old
      where e.seq = old.seq and old.nth > $2`,
    [[...new Set(rows.map(({ serverId }) => serverId))], MOST_ENTRIES],
  );
}

function emitChanges(tx: Transaction, { serverId, change, reading, log }: RecordedLook): void {
  const subject = { kind: 'server', id: serverId } as const;
  if (Object.keys(change).length > 0)
    tx.emit({ kind: 'server.bmc_changed', subject, serverId, payload: { ...change, error: reading.lastError?.code ?? null } });
  if (log && !log.historic && log.notable.length > 0) {
    const critical = log.notable.filter(({ severity }) => severity === 'critical').length;
    tx.emit({ kind: 'server.bmc_logged', subject, serverId, payload: { critical, warning: log.notable.length - critical } });
  }
}

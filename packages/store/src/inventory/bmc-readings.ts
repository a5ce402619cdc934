// What the API shows of the fleet sweep: for each server the last reading of its BMC, and what its event log held of note.
import type { BmcLogEntry } from '@rackwright/domain/bmc.ts';
import { type BmcReading } from '@rackwright/domain/bmc-sweep/reading.ts';
import { type SweepTier, sweepTier } from '@rackwright/domain/bmc-sweep/tiers.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import { readingOf, type ReadingRow } from '../bmc-sweep/due-looks.ts';
import { instantSql } from '../instant-sql.ts';
import { type Page, type PageRequest, pageOf, type Work } from './work.ts';

export type NotedLogEntry = BmcLogEntry & { historic: boolean; seenAt: string };
export type BmcReadingRecord = {
  serverId: ServerId;
  serverName: string;
  tier: SweepTier;
  /** Times are epoch milliseconds. */
  reading: BmcReading;
  /** ISO; null: not before something changes, or never looked at. */
  nextLookAt: string | null;
  logReadAt: string | null;
  /** Newest first. */
  notable: NotedLogEntry[];
};
export type BmcReadingFilter = {
  circuit?: BmcReading['circuit']['state'] | undefined;
  power?: string | undefined;
  health?: string | undefined;
};

const SHOWN = 100;

export function postgresBmcReadings(work: Work) {
  return {
    /** A server that nobody swept has an empty one. Refusal `not_found`. */
    async get(id: ServerId): Promise<BmcReadingRecord> {
      const [row] = await work.read.query<Row>(`${SELECT} where s.id = $1`, [id, SHOWN]);
      if (!row) throw new Refusal('not_found', { kind: 'server', id });
      return recordOf(row);
    },

    /** By the server's name; only servers that were admitted to the sweep. Each with its newest ten log entries. */
    async list({ limit, after }: PageRequest, filter: BmcReadingFilter): Promise<Page<BmcReadingRecord>> {
      const rows = await work.read.query<Row>(
        `${SELECT} where r.server_id is not null and ($1::text is null or s.name > $1)
            and ($3::text is null or r.circuit = $3) and ($4::text is null or r.power = $4) and ($5::text is null or r.health = $5)
          order by s.name limit $6`,
        [after, 10, filter.circuit ?? null, filter.power ?? null, filter.health ?? null, limit + 1],
      );
      const { items, next } = pageOf(rows, limit, ({ serverName }) => serverName);
      return { items: items.map(recordOf), next };
    },
  };
}

type Row = ReadingRow & {
  serverId: ServerId;
  serverName: string;
  state: ServerState;
  swept: boolean;
  nextLookAt: string | null;
  logReadAt: string | null;
  notable: NotedLogEntry[];
};

const SELECT = `
  select s.id as "serverId", s.name as "serverName", s.state::text as state, r.power, r.health, r.seen_at as "seenAt",
         r.unreachable_since as "unreachableSince", coalesce(r.failures, 0) as failures, coalesce(r.circuit, 'closed') as circuit,
         coalesce(r.openings, 0) as openings, r.retry_at as "retryAt", r.last_error as "lastError", r.last_error_at as "lastErrorAt",
         case when r.due_at < 'infinity' then r.due_at end as "nextLookAt", r.log_read_at as "logReadAt",
         coalesce((select jsonb_agg(jsonb_build_object('id', e.entry_id, 'at', ${instantSql('e.at')}, 'severity', e.severity,
                                    'message', e.message, 'historic', e.historic, 'seenAt', ${instantSql('e.seen_at')}) order by e.seq desc)
                     from (select * from bmc_log_entries where server_id = s.id order by seq desc limit $2) e), '[]') as notable
    from servers s left join bmc_readings r on r.server_id = s.id`;

function recordOf(row: Row): BmcReadingRecord {
  const { serverId, serverName, state, logReadAt, notable } = row;
  const tier = sweepTier(state);
  // A server that left the fleet keeps its last reading; nobody looks again.
  const nextLookAt = tier === 'none' ? null : row.nextLookAt;
  return { serverId, serverName, tier, reading: readingOf(row), nextLookAt, logReadAt, notable };
}

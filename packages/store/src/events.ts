// What happened, numbered without gaps in the order of commit: the outbox, the timeline of a server and the audit trail in one.
import type { EventKind } from '@rackwright/domain/event-kinds.ts';
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Sql } from './database.ts';

export const EVENTS_CHANNEL = 'rackwright_events';

export type SubjectKind =
  | 'site'
  | 'rack'
  | 'enclosure'
  | 'network'
  | 'server'
  | 'image'
  | 'artifact'
  | 'cluster'
  | 'operation'
  | 'ticket'
  | 'instruction'
  | 'unknown_mac'
  | 'webhook'
  | 'hardware_model'
  | 'incident'
  | 'schedule'
  | 'schedule_run'
  | 'work_order'
  | 'bulk_operation'
  | 'cold_start'
  | 'health_policy'
  | 'replacement';

export type NewEvent = {
  kind: EventKind;
  subject: { kind: SubjectKind; id: string };
  serverId?: ServerId | undefined;
  operationId?: OperationId | undefined;
  /** Of the subject, after the change. */
  version?: number | undefined;
  /** Small and without secrets: everybody who may watch sees it. */
  payload?: Record<string, unknown>;
};

export type StoredEvent = Required<Pick<NewEvent, 'kind' | 'subject'>> & {
  seq: number;
  at: string;
  serverId: ServerId | null;
  operationId: OperationId | null;
  version: number | null;
  payload: Record<string, unknown>;
};

/**
 * The last statement of a transaction: it locks the one row of event_sequence until the commit, which is what puts the numbers into
 * the order of commits. A reader that saw number n can therefore never miss a smaller one.
 */
export async function appendEvents(sql: Sql, events: readonly NewEvent[]): Promise<void> {
  if (events.length > 0) await sql.query('select append_events($1::jsonb)', [JSON.stringify(events)]);
}

/**
 * The same with COMMIT behind it, to be sent in one message: nobody may hold the lock on the numbers while its process is busy with
 * other things, because everybody else waits for it. One message of several statements takes no parameters (the simple protocol).
 * @param quote  makes a text literal
 */
export function appendAndCommit(events: readonly NewEvent[], quote: (text: string) => string): string {
  if (events.length === 0) return 'commit';
  return `select append_events(${quote(JSON.stringify(events))}); commit`;
}

export type EventCursor = {
  /** Changes when the database is another one; a cursor of another epoch is worthless. */
  epoch: string;
  /** The last number given out. */
  lastSeq: number;
  /** Events up to here are forgotten: whoever is further behind starts over. */
  prunedSeq: number;
};

export async function eventCursor(sql: Sql): Promise<EventCursor> {
  const [row] = await sql.query<EventCursor>('select epoch, last_seq as "lastSeq", pruned as "prunedSeq" from event_sequence');
  if (!row) throw new Error('event_sequence is empty: the migrations did not run');
  return row;
}

/**
 * The next events after `seq`, oldest first.
 * @param limit  most rows to give, at most 1000
 * @param kinds  only these; all when left out
 */
export async function eventsSince(sql: Sql, seq: number, limit: number, kinds?: readonly EventKind[]): Promise<StoredEvent[]> {
  return sql.query<StoredEvent>(
    `${SELECT_EVENTS} where seq > $1 and ($2::text[] is null or kind = any($2)) order by seq limit $3`,
    [seq, kinds ?? null, Math.min(limit, 1000)],
  );
}

/** A server's timeline, newest first; `beforeSeq` turns the page. */
export async function timelineOf(sql: Sql, serverId: ServerId, limit: number, beforeSeq?: number): Promise<StoredEvent[]> {
  return sql.query<StoredEvent>(
    `${SELECT_EVENTS} where server_id = $1 and ($2::bigint is null or seq < $2) order by seq desc limit $3`,
    [serverId, beforeSeq ?? null, Math.min(limit, 1000)],
  );
}

const SELECT_EVENTS = `select seq, at, kind, jsonb_build_object('kind', subject_kind, 'id', subject_id) as subject,
  server_id as "serverId", operation_id as "operationId", version, payload from events`;

/**
 * Forgets events older than `days`, but keeps a server's own timeline: state changes and operations are its record. What an enabled
 * webhook has not read yet is kept four times as long: a receiver that is slow loses nothing, one that is stuck fills no disk. At most 50,000 rows a call. @returns how many it forgot
 */
export async function pruneEvents(sql: Sql, days: number): Promise<number> {
  const [row] = await sql.query<{ gone: number }>(
    `with old as (
       select seq from events where at < now() - make_interval(days => $1)
          and (at < now() - make_interval(days => 4 * $1) or seq <= all (select cursor_seq from webhooks where enabled))
          and kind not in ('server.created', 'server.moved', 'server.disk_erased', 'operation.started', 'operation.answered', 'operation.ended') order by seq limit 50000),
     gone as (delete from events where seq in (select seq from old) returning seq),
     noted as (update event_sequence set pruned = greatest(pruned, (select max(seq) from gone)) where exists (select from gone))
     select count(*) as gone from gone`,
    [days],
  );
  return row?.gone ?? 0;
}

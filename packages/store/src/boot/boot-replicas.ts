// How far each boot replica has followed the events: a machine is switched on only when those who answer it know its ticket.
import type { TicketId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';

/** A replica that said nothing for this long is not counted on, nor waited for. */
const LIVE_SECONDS = 15;

/** Called after each catching up, and every few seconds. @param replica  host and process */
export async function noteReplica(database: Database, replica: string, seq: number): Promise<void> {
  await database.query(
    `insert into boot_replicas (name, seq, seen_at) values ($1, $2, clock_timestamp())
     on conflict (name) do update set seq = excluded.seq, seen_at = excluded.seen_at`,
    [replica, seq],
  );
}

export type TicketKnowledge = 'known' | 'behind' | 'no_replica';

/** Do all live boot replicas know that this ticket is open? */
export async function ticketKnowledge(database: Database, ticketId: TicketId): Promise<TicketKnowledge> {
  const [row] = await database.query<{ live: number; slowest: number | null; opened: number | null }>(
    `select count(*)::int as live, min(seq) as slowest,
            (select max(e.seq) from events e where e.subject_id = $1 and e.kind = 'ticket.opened') as opened
       from boot_replicas where seen_at > clock_timestamp() - make_interval(secs => ${LIVE_SECONDS})`,
    [ticketId],
  );
  if (!row || row.live === 0) return 'no_replica';
  return (row.slowest ?? 0) >= (row.opened ?? 0) ? 'known' : 'behind';
}

/** Replicas that are gone for a day are forgotten. */
export async function forgetReplicas(database: Database): Promise<void> {
  await database.query(`delete from boot_replicas where seen_at < now() - interval '1 day'`);
}

export async function removeReplica(database: Database, replica: string): Promise<void> {
  await database.query('delete from boot_replicas where name = $1', [replica]);
}

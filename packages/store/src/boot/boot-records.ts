// What the boot services hold in memory of each server, so that a packet never waits for the database.
import type { FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { EventKind } from '@rackwright/domain/event-kinds.ts';
import type { NetworkId, OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { ServerNic } from '@rackwright/domain/server.ts';
import type { ServerState } from '@rackwright/domain/server-lifecycle/table.ts';
import type { Database, Sql } from '../database.ts';
import { type EventCursor, eventCursor } from '../events.ts';
import { bootTicketToken } from '../secrets/derived-secrets.ts';
import type { Keyring } from '../secrets/keyring.ts';

export type OpenTicket = {
  ticketId: TicketId;
  operationId: OperationId;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** SHA-256, lower-case hex: how the agent's token is found. */
  tokenHash: string;
  /** In clear: goes into the iPXE script of this server and nowhere else, least of all into a log. */
  token: string;
};

export type BootRecord = {
  serverId: ServerId;
  name: string;
  state: ServerState;
  firmwareMode: FirmwareMode;
  /** Boot NIC first. */
  nics: ServerNic[];
  networkId: NetworkId | null;
  /** Of the boot NIC. */
  address: string | null;
  ticket: OpenTicket | null;
  /** `agent` while a ticket is open, `disk` once a system is or is being installed, else `none`. */
  bootIntent: 'agent' | 'disk' | 'none';
};

type Row = Omit<BootRecord, 'ticket' | 'bootIntent'> & {
  installed: boolean;
  ticket: Pick<OpenTicket, 'ticketId' | 'operationId' | 'tokenHash' | 'expiresAt'> | null;
};

const SELECT = `
  select s.id as "serverId", s.name, s.state::text as state, s.firmware_mode::text as "firmwareMode", s.network_id as "networkId",
         host(s.address) as address, s.state = 'in_service' or a.server_id is not null as installed,
         coalesce((select jsonb_agg(jsonb_build_object('mac', i.mac, 'name', i.name, 'boot', i.boot) order by i.boot desc, i.name, i.mac)
                     from nics i where i.server_id = s.id), '[]') as nics,
         (select jsonb_build_object('ticketId', t.id, 'operationId', t.operation_id, 'tokenHash', t.token_hash,
                                    'expiresAt', floor(extract(epoch from t.until) * 1000))
            from boot_tickets t where t.server_id = s.id and t.closed_at is null and t.until > now()
            order by t.opened_at desc, t.id desc limit 1) as ticket
    from servers s left join allocations a on a.server_id = s.id
   where s.state <> 'retired'`;

/** Those that are not there any more are missing from the answer: take them out of the memory. */
export async function loadBootRecords(sql: Sql, keyring: Keyring, serverIds: readonly ServerId[]): Promise<BootRecord[]> {
  const rows = await sql.query<Row>(`${SELECT} and s.id = any($1)`, [serverIds]);
  return rows.map((row) => recordOf(row, keyring));
}

/** Everything, and from where on to follow: nothing that commits later is missed, something may come twice. */
export async function loadAllBootRecords(sql: Sql, keyring: Keyring): Promise<{ cursor: EventCursor; records: BootRecord[] }> {
  // Read before the records: what commits in between is in the records and once more in the events.
  const cursor = await eventCursor(sql);
  const rows = await sql.query<Row>(SELECT);
  return { cursor, records: rows.map((row) => recordOf(row, keyring)) };
}

const MOST_EVENTS = 1000;

/** What happens most often and changes nothing of a boot record. Everything else might: a kind that is new is taken seriously. */
const NOTHING_TO_BOOT = new Set<EventKind>([
  'operation.step',
  'operation.waiting',
  'operation.answered',
  'operation.cancel_requested',
  'instruction.given',
  'instruction.progressed',
  'instruction.ended',
  'instruction.withdrawn',
  'server.phoned_home',
  'server.disk_erased',
]);
/** What an agent that asked for its next instruction waits for. */
const FOR_THE_AGENT = new Set<EventKind>(['instruction.given', 'instruction.withdrawn', 'ticket.closed']);

export type Changed = {
  /** Followed up to here. */
  seq: number;
  /** To load again. */
  serverIds: ServerId[];
  /** A ticket of theirs was opened, or opened again. */
  ticketed: ServerId[];
  /** Their agents have something to ask for. */
  instructed: ServerId[];
  /** Ask again at once. */
  more: boolean;
};

/** What to do after `since`. `reload`: too far behind, or another database; load everything. */
export async function changedServers(
  database: Database,
  since: Pick<EventCursor, 'epoch' | 'lastSeq'>,
): Promise<Changed | 'reload'> {
  const { epoch, prunedSeq, lastSeq } = await eventCursor(database);
  if (epoch !== since.epoch || since.lastSeq < prunedSeq || since.lastSeq > lastSeq) return 'reload';
  const rows = await database.query<{ seq: number; kind: EventKind; serverId: ServerId | null }>(
    'select seq, kind, server_id as "serverId" from events where seq > $1 order by seq limit $2',
    [since.lastSeq, MOST_EVENTS],
  );
  const serversOf = (wanted: (kind: EventKind) => boolean): ServerId[] => [
    ...new Set(rows.flatMap(({ kind, serverId }) => (serverId !== null && wanted(kind) ? [serverId] : []))),
  ];
  return {
    seq: rows.at(-1)?.seq ?? since.lastSeq,
    serverIds: serversOf((kind) => !NOTHING_TO_BOOT.has(kind)),
    ticketed: serversOf((kind) => kind === 'ticket.opened'),
    instructed: serversOf((kind) => FOR_THE_AGENT.has(kind)),
    more: rows.length === MOST_EVENTS,
  };
}

function recordOf({ installed, ticket, ...rest }: Row, keyring: Keyring): BootRecord {
  const bootIntent = ticket ? 'agent' : installed ? 'disk' : 'none';
  return { ...rest, bootIntent, ticket: ticket && { ...ticket, token: bootTicketToken(keyring, ticket.ticketId) } };
}

// Boot tickets: while one is open, the boot services run the agent on its server.
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { BootTickets } from '@rackwright/workflows/ports.ts';
import { ticketKnowledge } from '../boot/boot-replicas.ts';
import type { Database } from '../database.ts';
import { newId } from '../new-id.ts';
import { refuseWithoutLease } from '../operations/begin-operation.ts';
import { bootTicketToken, tokenHash } from '../secrets/derived-secrets.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { inTransaction } from '../transaction.ts';

/** Opening is refused (`operation_in_progress`) to an operation that does not hold the server's lease. */
export function postgresBootTickets(database: Database, keyring: Keyring): BootTickets {
  return {
    open: (serverId, operationId, purpose, until) =>
      inTransaction(database, async (tx) => {
        await refuseWithoutLease(tx, serverId, operationId);
        const fresh = newId('ticket');
        const [ticket] = await tx.query<{ id: TicketId }>(
          `insert into boot_tickets (id, server_id, operation_id, purpose, until, token_hash) values ($1, $2, $3, $4, $5, $6)
           on conflict (operation_id, purpose) do update set until = excluded.until, closed_at = null
           returning id`,
          [fresh, serverId, operationId, purpose, until, tokenHash(bootTicketToken(keyring, fresh))],
        );
        if (!ticket) throw new Error(`no ticket for ${operationId}`);
        tx.emit({
          kind: 'ticket.opened',
          subject: { kind: 'ticket', id: ticket.id },
          serverId,
          operationId,
          payload: { purpose, until },
        });
        return ticket.id;
      }),

    close: (ticketId) =>
      inTransaction(database, async (tx) => {
        const [closed] = await tx.query<{ serverId: ServerId; operationId: OperationId }>(
          `update boot_tickets set closed_at = clock_timestamp() where id = $1 and closed_at is null
           returning server_id as "serverId", operation_id as "operationId"`,
          [ticketId],
        );
        if (closed) tx.emit({ kind: 'ticket.closed', subject: { kind: 'ticket', id: ticketId }, ...closed });
      }),

    knowledge: (ticketId) => ticketKnowledge(database, ticketId),

    async inspection(ticketId) {
      const [row] = await database.query<{ inspection: Inspection }>(
        'select inspection from ticket_inspections where ticket_id = $1',
        [ticketId],
      );
      return row?.inspection;
    },
  };
}

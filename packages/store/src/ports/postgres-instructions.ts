// What the agent is told to do, and how that went.
import type { InstructionId, OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { InstructionResult, Instructions } from '@rackwright/workflows/ports.ts';
import type { Database, Sql } from '../database.ts';
import type { NewEvent } from '../events.ts';
import { newId } from '../new-id.ts';
import { inTransaction } from '../transaction.ts';

export function postgresInstructions(database: Database): Instructions {
  return {
    give: (ticketId, name, deed) =>
      inTransaction(database, async (tx) => {
        const [given] = await tx.query<{ id: InstructionId }>(
          `insert into instructions (id, ticket_id, name, deed) values ($1, $2, $3, $4) on conflict (ticket_id, name) do nothing returning id`,
          [newId('instruction'), ticketId, name, JSON.stringify(deed)],
        );
        if (given) {
          tx.emit({ kind: 'instruction.given', ...(await subjectOf(tx, given.id)), payload: { ticketId, name, do: deed.do } });
          return given.id;
        }
        const [known] = await tx.query<{ id: InstructionId }>('select id from instructions where ticket_id = $1 and name = $2', [
          ticketId,
          name,
        ]);
        if (!known) throw new Error(`instruction ${name} of ${ticketId} vanished`);
        return known.id;
      }),

    async result(id) {
      const [row] = await database.query<{ result: InstructionResult | null; progress: string }>(
        'select result, progress from instructions where id = $1',
        [id],
      );
      if (!row) throw new Error(`instruction ${id} does not exist`);
      return row.result ?? { progress: row.progress };
    },

    withdraw: (id) =>
      inTransaction(database, async (tx) => {
        const withdrawn = await tx.query(
          'update instructions set withdrawn_at = clock_timestamp() where id = $1 and result is null and withdrawn_at is null returning id',
          [id],
        );
        if (withdrawn.length > 0) tx.emit({ kind: 'instruction.withdrawn', ...(await subjectOf(tx, id)) });
      }),
  };
}

/** The parts of an event that say which instruction, of which ticket, server and operation it is about. */
export async function subjectOf(sql: Sql, id: InstructionId): Promise<Omit<NewEvent, 'kind'>> {
  const [row] = await sql.query<{ serverId: ServerId; operationId: OperationId; ticketId: TicketId }>(
    `select t.server_id as "serverId", t.operation_id as "operationId", t.id as "ticketId"
       from instructions i join boot_tickets t on t.id = i.ticket_id where i.id = $1`,
    [id],
  );
  if (!row) throw new Error(`instruction ${id} does not exist`);
  const { serverId, operationId, ticketId } = row;
  return { subject: { kind: 'instruction', id }, serverId, operationId, payload: { ticketId } };
}

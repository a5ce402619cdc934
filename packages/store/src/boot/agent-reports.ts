// What the install agent says, put down for its operation, which is due at once. Each may be repeated.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { EventKind } from '@rackwright/domain/event-kinds.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { InstructionId, OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { InstructionDeed, InstructionResult } from '@rackwright/workflows/ports.ts';
import type { Database } from '../database.ts';
import { signalOperation } from '../operations/signal-operation.ts';
import { forgetRemovals } from '../inventory/disk-removals.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

export type GivenInstruction = { id: InstructionId; deed: InstructionDeed };

/** `unknown`: not an instruction of this ticket. `withdrawn`: the agent must stop. */
export type ReportOutcome = 'noted' | 'withdrawn' | 'unknown';

type WriteImage = Extract<InstructionDeed, { do: 'write_image' }>;

export type AgentReports = {
  /** @returns the operation to wake. Refusal `agent_token_unknown` when the ticket is closed. */
  inspected(ticketId: TicketId, inspection: Inspection): Promise<OperationId>;
  /** The oldest one that has no result and was not withdrawn. */
  nextInstruction(ticketId: TicketId): Promise<GivenInstruction | undefined>;
  progressed(ticketId: TicketId, id: InstructionId, progress: { percent: number; message: string }): Promise<ReportOutcome>;
  /** The first result stands. */
  finished(ticketId: TicketId, id: InstructionId, result: InstructionResult): Promise<ReportOutcome>;
  /** What the seed of an image that is being written is made of; `over` once there is a result. Notes that it was read. */
  readSeed(
    ticketId: TicketId,
    id: InstructionId,
  ): Promise<{ serverId: ServerId; operationId: OperationId; deed: WriteImage } | 'over' | 'unknown'>;
};

export function postgresAgentReports(database: Database): AgentReports {
  return {
    inspected: (ticketId, inspection) => inTransaction(database, (tx) => saveInspection(tx, ticketId, inspection)),

    async nextInstruction(ticketId) {
      const [row] = await database.query<GivenInstruction>(
        `select i.id, i.deed from instructions i join boot_tickets t on t.id = i.ticket_id
          where i.ticket_id = $1 and i.result is null and i.withdrawn_at is null and t.closed_at is null
          order by i.given_at, i.id limit 1`,
        [ticketId],
      );
      return row;
    },

    progressed: (ticketId, id, { percent, message }) =>
      report(database, ticketId, id, async (tx, instruction) => {
        if (instruction.finished) return;
        const progress = `${Math.round(percent)} %: ${message}`.slice(0, 300);
        await tx.query('update instructions set progress = $2, progress_at = clock_timestamp() where id = $1', [id, progress]);
        tell(tx, 'instruction.progressed', instruction, { progress });
      }),

    finished: (ticketId, id, result) =>
      report(database, ticketId, id, async (tx, instruction) => {
        if (instruction.finished) return;
        await tx.query('update instructions set result = $2, result_at = clock_timestamp() where id = $1', [
          id,
          JSON.stringify(result),
        ]);
        await signalOperation(tx, instruction.operationId);
        tell(tx, 'instruction.ended', instruction, { outcome: result.outcome, code: result.code });
      }),

    readSeed: (ticketId, id) =>
      inTransaction(database, async (tx) => {
        const instruction = await lockInstruction(tx, ticketId, id);
        if (!instruction || instruction.deed.do !== 'write_image') return 'unknown';
        if (instruction.finished || instruction.stopped) return 'over';
        await tx.query('update instructions set seed_read_at = clock_timestamp() where id = $1', [id]);
        const { serverId, operationId, deed } = instruction;
        return { serverId, operationId, deed };
      }),
  };
}

async function saveInspection(tx: Transaction, ticketId: TicketId, inspection: Inspection): Promise<OperationId> {
  const [ticket] = await tx.query<{ serverId: ServerId; operationId: OperationId }>(
    `select server_id as "serverId", operation_id as "operationId" from boot_tickets
      where id = $1 and closed_at is null for key share`,
    [ticketId],
  );
  if (!ticket) throw new Refusal('agent_token_unknown', { ticketId });
  await tx.query(
    `insert into ticket_inspections (ticket_id, inspection) values ($1, $2)
     on conflict (ticket_id) do update
       set inspection = excluded.inspection, reported_at = clock_timestamp(), boots = ticket_inspections.boots + 1`,
    [ticketId, JSON.stringify(inspection)],
  );
  // Counted in the machine: whoever said that it was taken out is not believed any longer.
  await forgetRemovals(tx, ticket.serverId, inspection);
  await signalOperation(tx, ticket.operationId);
  tx.emit({ kind: 'ticket.inspected', subject: { kind: 'ticket', id: ticketId }, ...ticket });
  return ticket.operationId;
}

type Instruction = {
  id: InstructionId;
  deed: InstructionDeed;
  serverId: ServerId;
  operationId: OperationId;
  finished: boolean;
  /** Withdrawn, or its ticket is closed. */
  stopped: boolean;
};

async function report(
  database: Database,
  ticketId: TicketId,
  id: InstructionId,
  write: (tx: Transaction, instruction: Instruction) => Promise<void>,
): Promise<ReportOutcome> {
  return inTransaction(database, async (tx) => {
    const instruction = await lockInstruction(tx, ticketId, id);
    if (!instruction) return 'unknown';
    // A result that comes twice because its answer was lost is noted already, whatever happened to the ticket since.
    if (instruction.stopped && !instruction.finished) return 'withdrawn';
    await write(tx, instruction);
    return 'noted';
  });
}

async function lockInstruction(tx: Transaction, ticketId: TicketId, id: InstructionId): Promise<Instruction | undefined> {
  const [row] = await tx.query<Instruction>(
    `select i.id, i.deed, t.server_id as "serverId", t.operation_id as "operationId", i.result is not null as finished,
            i.withdrawn_at is not null or t.closed_at is not null as stopped
       from instructions i join boot_tickets t on t.id = i.ticket_id
      where i.id = $2 and i.ticket_id = $1 for no key update of i`,
    [ticketId, id],
  );
  return row;
}

function tell(
  tx: Transaction,
  kind: EventKind,
  { id, serverId, operationId }: Instruction,
  payload: Record<string, unknown>,
): void {
  tx.emit({ kind, subject: { kind: 'instruction', id }, serverId, operationId, payload });
}

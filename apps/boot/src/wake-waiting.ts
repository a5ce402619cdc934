// Wakes the operation that opened a ticket once this memory knows the ticket: only then may its server be switched on.
import type { OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { BootMemory } from './feed/boot-memory.ts';

/** @returns  what `followStore` calls with the servers that the memory knows anew; each ticket is told once */
export function wakeWaiting(
  memory: Pick<BootMemory, 'record'>,
  wakeUp: (operationId: OperationId) => Promise<void>,
  onFault: (cause: unknown) => void,
): (serverIds: readonly ServerId[]) => void {
  const told = new Map<ServerId, TicketId>();
  return (serverIds) => {
    for (const serverId of serverIds) {
      const ticket = memory.record(serverId)?.ticket;
      if (!ticket) told.delete(serverId);
      else if (told.get(serverId) !== ticket.ticketId) {
        told.set(serverId, ticket.ticketId);
        wakeUp(ticket.operationId).catch(onFault);
      }
    }
  };
}

// Wakes the operation that opened a ticket once this memory knows the ticket: only then may its server be switched on.
import type { OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { BootMemory } from './feed/boot-memory.ts';

/** @returns  what is called with the servers whose ticket the others can see to be known here */
export function wakeWaiting(
  memory: Pick<BootMemory, 'record'>,
  wakeUp: (operationId: OperationId) => Promise<void>,
  onFault: (cause: unknown) => void,
): (serverIds: readonly ServerId[]) => void {
  return (serverIds) => {
    for (const serverId of serverIds) {
      const ticket = memory.record(serverId)?.ticket;
      if (ticket) wakeUp(ticket.operationId).catch(onFault);
    }
  };
}

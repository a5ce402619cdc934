// The memory that packets are answered from: every server's boot record and open ticket, kept in step with the store's events.
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { BootRecord } from '@rackwright/store/boot/boot-records.ts';
import type { BootEntry, BootIndex } from '../boot-index.ts';
import { memoryBootIndex } from '../boot-index.ts';
import type { HeldTicket, TicketIndex } from '../http/needs.ts';

export type BootMemory = {
  index: BootIndex;
  tickets: TicketIndex & { serverOf(ticketId: string): ServerId | undefined };
  /** The server whose operation a report wakes, and everything else about it that is in memory. */
  record(serverId: ServerId): BootRecord | undefined;
  /** All whose ticket is open. */
  ticketed(): ServerId[];
  replaceAll(records: readonly BootRecord[]): void;
  /** `asked` but not among the records: taken out. */
  replace(asked: readonly ServerId[], records: readonly BootRecord[]): void;
};

export function bootMemory(): BootMemory {
  const index = memoryBootIndex();
  const records = new Map<ServerId, BootRecord>();
  const byHash = new Map<string, HeldTicket>();
  const byTicket = new Map<string, ServerId>();

  const put = (record: BootRecord): void => {
    records.set(record.serverId, record);
    if (!record.ticket) return;
    byHash.set(record.ticket.tokenHash, held(record.serverId, record.ticket));
    byTicket.set(record.ticket.ticketId, record.serverId);
  };
  const take = (serverId: ServerId): void => {
    const ticket = records.get(serverId)?.ticket;
    if (ticket) {
      byHash.delete(ticket.tokenHash);
      byTicket.delete(ticket.ticketId);
    }
    records.delete(serverId);
  };

  return {
    index,
    tickets: {
      openFor(serverId) {
        const ticket = records.get(serverId)?.ticket;
        return ticket ? { ...held(serverId, ticket), token: ticket.token } : undefined;
      },
      byTokenHash: (hash) => byHash.get(hash),
      serverOf: (ticketId) => byTicket.get(ticketId),
    },
    record: (serverId) => records.get(serverId),
    ticketed: () => [...byTicket.values()],
    replaceAll(all) {
      records.clear();
      byHash.clear();
      byTicket.clear();
      for (const record of all) put(record);
      index.replaceAll(all.flatMap(entriesOf));
    },
    replace(asked, found) {
      for (const serverId of asked) {
        take(serverId);
        index.replaceServer(serverId, []);
      }
      for (const record of found) {
        put(record);
        index.replaceServer(record.serverId, entriesOf(record));
      }
    },
  };
}

function held(serverId: ServerId, { ticketId, expiresAt }: HeldTicket | NonNullable<BootRecord['ticket']>): HeldTicket {
  return { ticketId, serverId, expiresAt };
}

/** Only the boot NIC has the reserved address; its other NICs are known, so that none of them is taken for a stranger. */
function entriesOf(record: BootRecord): BootEntry[] {
  const { serverId, name, firmwareMode, bootIntent, ticket, address, nics } = record;
  const [bootNic] = nics;
  return nics.map((nic) => ({
    mac: nic.mac,
    ...(nic === bootNic && address !== null ? { address } : {}),
    hostname: name.toLowerCase(),
    subject: {
      serverId,
      name,
      mac: bootNic?.mac ?? nic.mac,
      bootIntent,
      firmwareMode,
      ...(ticket ? { ticketExpiresAt: ticket.expiresAt } : {}),
    },
  }));
}

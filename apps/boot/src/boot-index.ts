// Every server the boot app may have to answer, in memory: fed from outside, never a database call on the packet path.
import type { BootSubject } from '@rackwright/domain/boot-decision/decide-boot.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';

/** One NIC of a server. A server with several NICs on boot networks has several entries with the same subject. */
export type BootEntry = {
  /** Lower case with colons: the key. Client ids change between firmware and system on one machine, the MAC does not. */
  mac: string;
  /** The reserved IPv4 address of this NIC; without one it is served from the network's pool, if that has one. */
  address?: string;
  hostname: string;
  subject: BootSubject;
};

/** What the packet path sees. Answers at once and from memory. */
export interface BootIndex {
  byMac(mac: string): BootEntry | undefined;
  byServerId(serverId: ServerId): readonly BootEntry[];
  /** Who has this address reserved: a pool must not hand it out. */
  byAddress(address: string): BootEntry | undefined;
}

/** What feeds it: whole on start and after a gap in the feed, then server by server. */
export interface BootIndexFeed {
  /** Everything at once; readers see the old content or the new, never a mixture. */
  replaceAll(entries: readonly BootEntry[]): void;
  /** All NICs of one server; an empty list takes the server out. */
  replaceServer(serverId: ServerId, entries: readonly BootEntry[]): void;
  readonly size: number;
}

type Tables = { mac: Map<string, BootEntry>; address: Map<string, BootEntry>; server: Map<ServerId, BootEntry[]> };

/** Throws RangeError when the feed holds more than `limit` NICs: refusing to start beats serving some servers and not others. */
export function memoryBootIndex({ limit = 200_000 }: { limit?: number } = {}): BootIndex & BootIndexFeed {
  let tables = emptyTables();

  function add(into: Tables, entry: BootEntry): void {
    if (into.mac.size >= limit && !into.mac.has(entry.mac)) throw new RangeError(`boot index: more than ${limit} NICs`);
    into.mac.set(entry.mac, entry);
    if (entry.address !== undefined) into.address.set(entry.address, entry);
    const known = into.server.get(entry.subject.serverId) ?? [];
    into.server.set(entry.subject.serverId, [...known, entry]);
  }

  function remove(serverId: ServerId): void {
    for (const entry of tables.server.get(serverId) ?? []) {
      // Another server may have taken over the NIC or the address since.
      if (tables.mac.get(entry.mac) === entry) tables.mac.delete(entry.mac);
      if (entry.address !== undefined && tables.address.get(entry.address) === entry) tables.address.delete(entry.address);
    }
    tables.server.delete(serverId);
  }

  return {
    byMac: (mac) => tables.mac.get(mac.toLowerCase()),
    byServerId: (serverId) => tables.server.get(serverId) ?? [],
    byAddress: (address) => tables.address.get(address),
    replaceAll(entries) {
      const next = emptyTables();
      for (const entry of entries) add(next, inLowerCase(entry));
      tables = next;
    },
    replaceServer(serverId, entries) {
      remove(serverId);
      for (const entry of entries) add(tables, inLowerCase(entry));
    },
    get size() {
      return tables.mac.size;
    },
  };
}

function emptyTables(): Tables {
  return { mac: new Map(), address: new Map(), server: new Map() };
}

function inLowerCase(entry: BootEntry): BootEntry {
  return { ...entry, mac: entry.mac.toLowerCase() };
}

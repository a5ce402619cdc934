// Follows the store's events and keeps the boot memory right: whole at the start and after a gap, then server by server.
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { shareNext } from '@rackwright/domain/share-next.ts';
import { noteReplica, removeReplica } from '@rackwright/store/boot/boot-replicas.ts';
import { changedServers, loadAllBootRecords, loadBootRecords } from '@rackwright/store/boot/boot-records.ts';
import type { Database } from '@rackwright/store/database.ts';
import type { EventListener } from '@rackwright/store/listen-for-events.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import type { BootMemory } from './boot-memory.ts';

export type Following = {
  /** Calls back when this server's agent has something to ask for. */
  onChange(serverId: ServerId, callback: () => void): () => void;
  close(): Promise<void>;
};

/** What changes in this time is read together: a burst of events of one server is one query. */
const GATHER_MS = 15;
const AFTER_TROUBLE_MS = 1_000;
const ALIVE_MS = 4_000;

export type FollowOptions = {
  /** Host and process: under this name the others learn how far we are. */
  replica: string;
  /** The memory knows the open tickets of these servers, and the others can see that it does. */
  onKnown(serverIds: readonly ServerId[]): void;
  /** Told when the store cannot be read. */
  onFault(cause: unknown): void;
};

/** Ends when the memory holds everything; then it goes on following. */
export async function followStore(
  database: Database,
  keyring: Keyring,
  listener: EventListener,
  memory: BootMemory,
  { replica, onKnown, onFault }: FollowOptions,
): Promise<Following> {
  const watchers = new Map<ServerId, Set<() => void>>();
  const everybody = (): ServerId[] => [...watchers.keys()];
  const tell = (serverIds: readonly ServerId[]): void => {
    for (const serverId of serverIds) for (const callback of watchers.get(serverId) ?? []) callback();
  };

  const loadAll = async () => {
    const { cursor, records } = await loadAllBootRecords(database, keyring);
    memory.replaceAll(records);
    return cursor;
  };
  let cursor = await loadAll();
  const position = announce(database, replica, () => cursor.lastSeq, onKnown);
  await position.note();
  // Also when nothing happens: a replica that says nothing is not counted on.
  const alive = setInterval(() => void position.note().catch(onFault), ALIVE_MS);
  alive.unref();

  const catchUp = async (): Promise<boolean> => {
    const changed = await changedServers(database, cursor);
    if (changed === 'reload') {
      cursor = await loadAll();
      tell(everybody());
      await position.known(memory.ticketed());
      return false;
    }
    if (changed.serverIds.length > 0) {
      memory.replace(changed.serverIds, await loadBootRecords(database, keyring, changed.serverIds));
    }
    tell(changed.instructed);
    if (changed.seq === cursor.lastSeq && !position.owesWord()) return false;
    cursor = { ...cursor, lastSeq: changed.seq };
    await position.known(changed.ticketed);
    return changed.more;
  };

  const loop = wheneverTold(listener, catchUp, onFault);
  return {
    onChange(serverId, callback) {
      const set = watchers.get(serverId) ?? new Set();
      watchers.set(serverId, set.add(callback));
      return () => {
        set.delete(callback);
        if (set.size === 0 && watchers.get(serverId) === set) watchers.delete(serverId);
      };
    },
    async close() {
      clearInterval(alive);
      await loop.close();
      // Whoever waits for a ticket to be known need not wait for us.
      await removeReplica(database, replica).catch(onFault);
    },
  };
}

/** How far we are, where the other processes see it; only then is it told whose tickets are known. */
function announce(database: Database, replica: string, lastSeq: () => number, onKnown: (serverIds: readonly ServerId[]) => void) {
  // One at a time: of two under way at once the older could be written last, and whoever was woken would find us behind.
  const note = shareNext(() => noteReplica(database, replica, lastSeq()));
  // Kept until it is told: trouble in between must not swallow it.
  const untold = new Set<ServerId>();
  return {
    note,
    owesWord: () => untold.size > 0,
    async known(serverIds: readonly ServerId[]): Promise<void> {
      for (const serverId of serverIds) untold.add(serverId);
      await note();
      onKnown([...untold]);
      untold.clear();
    },
  };
}

/** One look at a time; what is heard during a look leads to another one. */
function wheneverTold(listener: EventListener, look: () => Promise<boolean>, onFault: (cause: unknown) => void) {
  const closing = new AbortController();
  let news = Promise.withResolvers<void>();
  const stop = listener.onNew(() => news.resolve());
  const running = (async () => {
    while (!closing.signal.aborted) {
      await news.promise;
      news = Promise.withResolvers();
      try {
        await pause(GATHER_MS);
        while (!closing.signal.aborted && (await look()));
      } catch (cause) {
        onFault(cause);
        await pause(AFTER_TROUBLE_MS);
        news.resolve();
      }
    }
  })();
  return {
    async close() {
      stop();
      closing.abort();
      news.resolve();
      await running;
    },
  };
}

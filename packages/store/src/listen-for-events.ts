// Wakes who watches the events: one connection that listens, comes back when it is lost, and looks now and then all the same.
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Database } from './database.ts';
import { EVENTS_CHANNEL } from './events.ts';

export type EventListener = {
  /** Calls back when there may be newer events: at least once after each commit, often more. @returns how to stop */
  onNew(callback: () => void): () => void;
  close(): Promise<void>;
};

export type ListenOptions = {
  /** Milliseconds between the looks that need no message: 5000 unless told. Bounds what a lost message costs. */
  everyMs?: number;
  onConnectionLost?: (error: Error) => void;
};

/** Returns once it listens: every commit from then on is heard of. */
export async function listenForEvents(database: Database, options: ListenOptions = {}): Promise<EventListener> {
  const callbacks = new Set<() => void>();
  const stopped = new AbortController();
  const wake = () => {
    for (const callback of callbacks) callback();
  };
  const timer = setInterval(wake, options.everyMs ?? 5_000);
  timer.unref();

  let client = await connect(database.url, wake);
  const keepListening = (async () => {
    while (!stopped.signal.aborted) {
      const error = await lossOf(client, stopped.signal);
      if (stopped.signal.aborted) return;
      options.onConnectionLost?.(error);
      client = await reconnect(database.url, wake, stopped.signal, client);
      // Messages of the gap are lost for good; what they told of is not.
      wake();
    }
  })();

  return {
    onNew(callback) {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    async close() {
      clearInterval(timer);
      stopped.abort();
      await keepListening;
      await client.end().catch(() => undefined);
    },
  };
}

async function connect(url: string, wake: () => void): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'rackwright-events', keepAlive: true });
  client.on('error', () => undefined);
  client.on('notification', wake);
  try {
    await client.connect();
    await client.query(`listen ${EVENTS_CHANNEL}`);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function reconnect(url: string, wake: () => void, signal: AbortSignal, lost: pg.Client): Promise<pg.Client> {
  await lost.end().catch(() => undefined);
  for (let wait = 100; !signal.aborted; wait = Math.min(wait * 2, 5_000)) {
    try {
      return await connect(url, wake);
    } catch {
      await pause(wait, undefined, { signal }).catch(() => undefined);
    }
  }
  return lost;
}

function lossOf(client: pg.Client, signal: AbortSignal): Promise<Error> {
  return new Promise((done) => {
    client.once('error', done);
    client.once('end', () => done(new Error('the connection ended')));
    signal.addEventListener('abort', () => done(new Error('stopped')), { once: true });
  });
}

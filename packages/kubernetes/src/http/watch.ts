// Lists a collection and then follows its changes for ever: reconnects, lists again after a gap, tells when it is blind.
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@rackwright/domain/errors.ts';
import type { Connection } from './connection.ts';
import { jsonLines } from './json-lines.ts';
import { listAll } from './list-all.ts';
import type { KubeObject } from './objects.ts';

/** The server ends a watch after this; connections that died unseen are found out at the latest then. */
const WATCH_SECONDS = 240;
const MIN_WATCH_MS = 1_000;
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

export type Watched<T> =
  | { kind: 'listed'; objects: T[] }
  | { kind: 'changed'; object: T }
  | { kind: 'removed'; object: T }
  | { kind: 'lost'; why: string };

type WatchEvent<T> = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; object: T };

export type WatchOptions<T> = {
  connection: Connection;
  path: string;
  doing: string;
  onEvent: (event: Watched<T>) => void | Promise<void>;
  signal: AbortSignal;
};

/** Runs until `signal` is aborted. Throws only what `onEvent` throws. */
export async function watchCollection<T extends KubeObject>(options: WatchOptions<T>): Promise<void> {
  const { signal, onEvent } = options;
  let seen: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const began = Date.now();
    try {
      if (seen === undefined) {
        const listed = await listAll<T, T>(options.connection, options.path, {}, options.doing, (object) => object);
        if (signal.aborted) return;
        await onEvent({ kind: 'listed', objects: listed.items });
        seen = listed.resourceVersion;
      }
      seen = await follow(options, seen);
      // A watch that ends at once would have us ask without rest.
      failures = Date.now() - began < MIN_WATCH_MS ? failures + 1 : 0;
      if (failures > 0) await pause(failures, signal);
    } catch (cause) {
      if (signal.aborted) return;
      if (!(cause instanceof WatchBroke) && !(cause instanceof Fault)) throw cause;
      // A break after events were seen is an ordinary reconnect; the second in a row is a server that is not there.
      if (cause instanceof WatchBroke && cause.seen !== undefined) seen = cause.seen;
      if (++failures > 1 || cause instanceof Fault) await onEvent({ kind: 'lost', why: cause.message });
      await pause(failures, signal);
    }
  }
}

/** The stream broke; `seen` is the last version that reached the consumer. */
class WatchBroke extends Error {
  readonly seen: string | undefined;
  constructor(seen: string | undefined, cause: unknown) {
    super(`watch broke: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.seen = seen;
  }
}

/** Follows one watch to its end. Returns the version to go on from, or undefined when a new list is needed. */
async function follow<T extends KubeObject>(options: WatchOptions<T>, from: string): Promise<string | undefined> {
  const { connection, path, doing, onEvent, signal } = options;
  const query = { watch: '1', allowWatchBookmarks: 'true', resourceVersion: from, timeoutSeconds: WATCH_SECONDS };
  let lines: AsyncIterator<unknown>;
  try {
    lines = jsonLines(await connection.stream(path, query, doing, signal));
  } catch (cause) {
    if (cause instanceof Fault && cause.facts.status === 410) return undefined;
    throw cause;
  }
  let seen = from;
  for (;;) {
    const event = (await nextLine(lines, seen)) as WatchEvent<T> | undefined;
    if (event === undefined) return seen;
    if (!isEvent(event)) throw new WatchBroke(seen, 'what came is no event');
    // 410 Gone: the server has forgotten the version we stand at. Any other error is cured by a new list, too.
    if (event.type === 'ERROR') return undefined;
    if (event.type === 'DELETED') await onEvent({ kind: 'removed', object: event.object });
    if (event.type === 'ADDED' || event.type === 'MODIFIED') await onEvent({ kind: 'changed', object: event.object });
    seen = event.object.metadata.resourceVersion;
  }
}

/** A proxy between us and the API server may answer with anything. */
function isEvent(event: { type?: unknown; object?: { metadata?: { resourceVersion?: unknown } } }): boolean {
  return event.type === 'ERROR' || typeof event.object?.metadata?.resourceVersion === 'string';
}

async function nextLine(lines: AsyncIterator<unknown>, seen: string): Promise<unknown> {
  try {
    const next = await lines.next();
    return next.done ? undefined : next.value;
  } catch (cause) {
    throw new WatchBroke(seen, cause);
  }
}

async function pause(failures: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (failures - 1));
  // Many Rackwright processes must not come back at the same moment.
  await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}

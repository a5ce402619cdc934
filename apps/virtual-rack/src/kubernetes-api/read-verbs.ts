// Get, list with pages, and watch in the simulated API server.
import type { ServerResponse } from 'node:http';
import { badRequest, gone, notFound } from './answers.ts';
import type { ObjectStore, StoredObject, StoreEvent } from './object-store.ts';
import { type ApiPath, collectionOf, groupVersionOf } from './resources.ts';
import { selecting } from './selectors.ts';

/** A watcher that reads so slowly that this much waits for it is cut off; it comes back and lists again. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const BOOKMARK_MS = 60_000;

export function getObject(store: ObjectStore, path: ApiPath): StoredObject {
  const found = store.get(collectionOf(path.resource), path.namespace, path.name ?? '');
  if (!found) throw notFound(`${path.resource.plural} "${path.name}"`);
  return found;
}

/** `continue` is the place to go on from; a list is not kept as it was while its pages are read (Kubernetes' would be). */
export function listObjects(store: ObjectStore, path: ApiPath, query: URLSearchParams): object {
  const limit = Number(query.get('limit') ?? 0);
  const from = Number(query.get('continue') ?? 0);
  if (!Number.isInteger(limit) || !Number.isInteger(from) || limit < 0 || from < 0)
    throw badRequest('limit or continue is no number');
  const all = store.list(collectionOf(path.resource), path.namespace, selecting(query));
  const items = limit === 0 ? all.slice(from) : all.slice(from, from + limit);
  const next = limit > 0 && from + limit < all.length ? { continue: String(from + limit) } : {};
  const metadata = { resourceVersion: String(store.version()), ...next };
  return { kind: `${path.resource.kind}List`, apiVersion: groupVersionOf(path.resource), metadata, items };
}

/** Writes one JSON line a change until the client leaves or its timeout is over. Returns what ends it. */
export function watchObjects(store: ObjectStore, path: ApiPath, query: URLSearchParams, response: ServerResponse): () => void {
  const collection = collectionOf(path.resource);
  const missed = store.since(collection, Number(query.get('resourceVersion') ?? store.version()));
  if (missed === 'gone') throw gone('too old resource version');
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();

  const isSelected = selecting(query);
  const write = (event: StoreEvent) => {
    const { object, type } = event;
    if (path.namespace !== undefined && object.metadata.namespace !== path.namespace) return;
    if (!isSelected(object)) return;
    if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
    else response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const bookmark = () => {
    const object = {
      kind: path.resource.kind,
      apiVersion: groupVersionOf(path.resource),
      metadata: { resourceVersion: String(store.version()) },
    };
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  };
  missed.forEach(write);
  const unsubscribe = store.subscribe(collection, write);
  const bookmarks = query.get('allowWatchBookmarks') === 'true' ? setInterval(bookmark, BOOKMARK_MS).unref() : undefined;
  const seconds = Math.min(Number(query.get('timeoutSeconds')) || 3600, 3600);
  const stop = () => {
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(timeout);
  };
  // Stopped before it is ended, not when it has closed: a bookmark may be due in the same moment.
  const timeout = setTimeout(() => {
    stop();
    response.end();
  }, seconds * 1000).unref();
  response.on('close', stop);
  return () => response.destroy();
}

// Keeps objects in memory with versions, and tells watchers of every change in the order it happened.
import type { Meta } from '@rackwright/kubernetes/http/objects.ts';

export type StoredObject = { metadata: Meta; [part: string]: unknown };

export type StoreEvent = { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: StoredObject; version: number };

export interface ObjectStore {
  get(collection: string, namespace: string | undefined, name: string): StoredObject | undefined;
  /** Those wanted, sorted by namespace and name, as etcd would. */
  list(collection: string, namespace?: string, isWanted?: (object: StoredObject) => boolean): StoredObject[];
  /** Creates or replaces; gives the object its new resourceVersion. Stored objects are never changed afterwards. */
  put(collection: string, object: StoredObject): StoredObject;
  remove(collection: string, object: StoredObject): StoredObject;
  /** Changes after this version, or `gone` when they are forgotten. */
  since(collection: string, version: number): StoreEvent[] | 'gone';
  subscribe(collection: string, listener: (event: StoreEvent) => void): () => void;
  version(): number;
}

type Collection = {
  objects: Map<string, StoredObject>;
  log: StoreEvent[];
  forgotten: number;
  listeners: Set<(event: StoreEvent) => void>;
};

/** `logLength`: changes remembered per collection for watchers that come back. */
export function createObjectStore(logLength = 4_000): ObjectStore {
  const collections = new Map<string, Collection>();
  let version = 0;

  function open(name: string): Collection {
    const found = collections.get(name) ?? { objects: new Map(), log: [], forgotten: 0, listeners: new Set() };
    collections.set(name, found);
    return found;
  }

  function tell(collection: Collection, event: StoreEvent): void {
    collection.log.push(event);
    // Cut rarely, and then a quarter: shifting one off a long array at every write is what costs.
    if (collection.log.length > logLength) {
      const dropped = collection.log.splice(0, Math.ceil(logLength / 4));
      collection.forgotten = dropped.at(-1)?.version ?? collection.forgotten;
    }
    for (const listener of collection.listeners) listener(event);
  }

  return {
    get: (collection, namespace, name) => open(collection).objects.get(keyOf(namespace, name)),
    list(collection, namespace, isWanted = () => true) {
      const found: [key: string, object: StoredObject][] = [];
      for (const [key, object] of open(collection).objects) {
        if ((namespace === undefined || object.metadata.namespace === namespace) && isWanted(object)) found.push([key, object]);
      }
      return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    },
    put(name, object) {
      const collection = open(name);
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      const type = collection.objects.has(key) ? 'MODIFIED' : 'ADDED';
      const stored = versioned(object, ++version);
      collection.objects.set(key, stored);
      tell(collection, { type, object: stored, version });
      return stored;
    },
    remove(name, object) {
      const collection = open(name);
      collection.objects.delete(keyOf(object.metadata.namespace, object.metadata.name));
      const last = versioned(object, ++version);
      tell(collection, { type: 'DELETED', object: last, version });
      return last;
    },
    since(name, from) {
      const collection = open(name);
      // A version from the future is one of an earlier life of this server.
      if (from < collection.forgotten || from > version) return 'gone';
      return collection.log.filter((event) => event.version > from);
    },
    subscribe(name, listener) {
      const { listeners } = open(name);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: () => version,
  };
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function versioned(object: StoredObject, version: number): StoredObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

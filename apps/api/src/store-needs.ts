// The store and the queue as what the API needs: types are matched here, nothing is decided.
import { randomBytes } from 'node:crypto';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { Database } from '@rackwright/store/database.ts';
import { eventCursor, eventsSince } from '@rackwright/store/events.ts';
import { postgresIdempotency, postgresInventory } from '@rackwright/store/inventory/postgres-inventory.ts';
import type { EventListener } from '@rackwright/store/listen-for-events.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import type { ApiNeeds, Events } from './needs.ts';
import { seeingClusters } from './plans/see-cluster.ts';
import { fileUploads, type UploadFolders } from './uploads.ts';

export type StoreAndQueue = {
  database: Database;
  keyring: Keyring;
  listener: Pick<EventListener, 'onNew'>;
  files: UploadFolders;
  queue: { wakeUp(operationId: OperationId): Promise<void>; depth(): Promise<unknown> };
};

export function storeNeeds({ database, keyring, listener, queue, files }: StoreAndQueue): ApiNeeds {
  const inventory = postgresInventory(database, keyring);
  return {
    inventory,
    uploads: fileUploads(files, inventory),
    idempotency: postgresIdempotency(database, keyring),
    events: storeEvents(database, listener),
    wakeUp: (operationId) => queue.wakeUp(operationId),
    seeCluster: seeingClusters(database, keyring),
    clock: { now: () => Date.now() },
    random: (bytes) => randomBytes(bytes),
    checkReady: async () => {
      await Promise.all([database.query('select 1 from event_sequence'), queue.depth()]);
    },
  };
}

function storeEvents(database: Database, listener: Pick<EventListener, 'onNew'>): Events {
  return {
    position: async () => {
      const { epoch, lastSeq, prunedSeq } = await eventCursor(database);
      return { epoch, last: lastSeq, prunedThrough: prunedSeq };
    },
    after: async (seq, limit) => {
      const events = await eventsSince(database, seq, limit);
      return events.map(({ subject, ...event }) => ({ ...event, subjectKind: subject.kind, subjectId: subject.id }));
    },
    onNew: (callback) => listener.onNew(callback),
  };
}

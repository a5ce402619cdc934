// apps/api: everything the API is made of, in the order it is made.
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { FastifyServerOptions } from 'fastify';
import type { WakeUpQueue } from '@rackwright/queue/queue.ts';
import type { Database } from '@rackwright/store/database.ts';
import { eventCursor, eventsSince } from '@rackwright/store/events.ts';
import { postgresIdempotency, postgresInventory } from '@rackwright/store/inventory/postgres-inventory.ts';
import type { EventListener } from '@rackwright/store/listen-for-events.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { buildApi } from './build-api.ts';
import { refuseOpenDoor } from './config.ts';
import type { Authentication } from './http/authenticate.ts';
import type { ApiNeeds, EventRecord } from './needs.ts';

export type ApiComposition = {
  listen: { host: string; port: number };
  /** Absent: whoever reaches the (loopback) port is the operator. */
  token: string | undefined;
  logger?: FastifyServerOptions['logger'];
};
export type ApiParts = { database: Database; keyring: Keyring; queue: WakeUpQueue; listener: EventListener };
export type Api = { url: string; close(): Promise<void> };

export async function composeApi(config: ApiComposition, { database, keyring, queue, listener }: ApiParts): Promise<Api> {
  const authentication = authenticationOf(config.token);
  refuseOpenDoor({ authentication }, config.listen);
  const needs: ApiNeeds = {
    inventory: postgresInventory(database, keyring),
    idempotency: postgresIdempotency(database, keyring),
    events: {
      async position() {
        const { epoch, lastSeq, prunedSeq } = await eventCursor(database);
        return { epoch, last: lastSeq, prunedThrough: prunedSeq };
      },
      async after(seq, limit) {
        const events = await eventsSince(database, seq, limit);
        return events.map(
          ({ subject, ...event }): EventRecord => ({ ...event, subjectKind: subject.kind, subjectId: subject.id }),
        );
      },
      onNew: (callback) => listener.onNew(callback),
    },
    wakeUp: (operationId) => queue.wakeUp(operationId),
    clock: { now: () => Date.now() },
    random: (bytes) => randomBytes(bytes),
    async checkReady() {
      await database.query('select 1');
      await queue.depth();
    },
  };
  const secret = new Uint8Array(hkdfSync('sha256', keyring.current.bytes, '', 'rackwright/api', 32));
  const api = await buildApi(needs, { authentication, secret, logger: config.logger ?? false });
  const url = await api.listen(config.listen);
  return { url, close: () => api.close() };
}

function authenticationOf(token: string | undefined): Authentication {
  if (token === undefined) return { kind: 'none', principal: 'operator' };
  return { kind: 'tokens', tokens: [{ principal: 'operator', sha256: createHash('sha256').update(token).digest('hex') }] };
}

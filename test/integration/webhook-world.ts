// An API, couriers and receivers over one real database, with waits of milliseconds instead of hours.
import { readIpNetwork } from '@rackwright/domain/webhooks/ip-networks.ts';
import type { DeliveryPolicy } from '@rackwright/domain/webhooks/delivery-policy.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import { inTransaction } from '@rackwright/store/transaction.ts';
import { postgresCourierStore } from '@rackwright/store/webhooks/courier-store.ts';
import { type CourierConfig, startCourier } from '@rackwright/worker-app/webhooks/courier.ts';
import { afterEach, vi } from 'vitest';
import { type Json, TEST_KEYRING, type TestApi, useApi } from './api-server.ts';
import { type Receiver, startReceiver } from './webhook-receiver.ts';

export const LOOPBACK_ALLOWED = { allowNetworks: [readIpNetwork('127.0.0.0/8')!], allowHttp: true };
export const QUICK: DeliveryPolicy = {
  firstRetryMs: 40,
  growth: 2,
  longestRetryMs: 300,
  giveUpAfterMs: 60_000,
  disableAfterMs: 60_000,
  outageMs: 60_000,
};

export type WebhookWorld = {
  api: TestApi;
  /** What the couriers logged. */
  log: string[];
  /** A new webhook for a new receiver. */
  hook(body?: object): Promise<{ id: string; secret: string; receiver: Receiver; created: Json }>;
  courier(config?: Partial<CourierConfig>): { close(): Promise<void> };
  /** Events of a server, in one transaction. */
  happen(serverId: string, ...payloads: object[]): Promise<void>;
  read(id: string): Promise<Json>;
  deliveries(id: string, query?: string): Promise<Json[]>;
};

let numbered = 0;

/** Call at the top of a test file. Couriers, receivers and webhooks end with each test. */
export function useWebhooks(): WebhookWorld {
  const api = useApi({ webhookTargets: LOOPBACK_ALLOWED });
  const open: { close(): Promise<void> }[] = [];
  const log: string[] = [];
  const keep = (facts: object, message: string) => void log.push(JSON.stringify([message, facts]));
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await api.sql('delete from webhooks');
  });
  return {
    api,
    log,
    async hook(body = {}) {
      const receiver = await startReceiver();
      open.push(receiver);
      const answer = await api.call('POST', '/v1/webhooks', {
        name: `hook-${++numbered}`,
        url: receiver.url,
        kinds: ['server'],
        ...body,
      });
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return { id: answer.body.id, secret: answer.body.secret, receiver, created: answer.body };
    },
    courier(config = {}) {
      const courier = startCourier(
        { targets: LOOPBACK_ALLOWED, policy: QUICK, answerMs: 10_000, leaseMs: 20_000, ...config },
        {
          store: postgresCourierStore(api.database, TEST_KEYRING),
          onNew: (callback) => api.listener.onNew(callback),
          worker: `test-${open.length}`,
          log: { info: keep, warn: keep, error: keep },
        },
      );
      open.unshift(courier);
      return courier;
    },
    happen: (serverId, ...payloads) =>
      inTransaction(api.database, async (tx) => {
        for (const payload of payloads) {
          tx.emit({
            kind: 'server.updated',
            subject: { kind: 'server', id: serverId },
            serverId: serverId as ServerId,
            payload: { ...payload },
          });
        }
      }),
    read: async (id) => (await api.call('GET', `/v1/webhooks/${id}`)).body,
    deliveries: async (id, query = '') => (await api.call('GET', `/v1/webhooks/${id}/deliveries${query}`)).body.items,
  };
}

export const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 45_000, interval: 25 });

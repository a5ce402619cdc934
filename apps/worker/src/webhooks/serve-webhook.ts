// One turn at one webhook: reads the outbox, sends what is due, lane beside lane but never two of one lane, until nothing is due.
import { setTimeout as pause } from 'node:timers/promises';
import { seconds } from '@rackwright/domain/durations.ts';
import type { DeliveryPolicy } from '@rackwright/domain/webhooks/delivery-policy.ts';
import type { CourierStore, Lease, Log } from '../needs.ts';
import { type Message, type Receiver, type Sent } from './send-message.ts';
import { sayWhy } from '../say-why.ts';

export type ServeNeeds = {
  store: CourierStore;
  send: (message: Message, receiver: Receiver) => Promise<Sent>;
  policy: DeliveryPolicy;
  leaseMs: number;
  random: () => number;
  log: Log;
  /** Fires when the worker stops: what is on its way is waited for, nothing new is sent. */
  stopping: AbortSignal;
};

/** Messages on their way to one receiver at once. */
export const MOST_AT_ONCE = 4;
/** While some are on their way: how often we look whether others became due. */
const LOOK_MS = 250;
/** Then it is another webhook's turn: a line that never ends keeps nobody else waiting. */
const TURN_MS = seconds(30);

/** @returns how many messages it sent */
export async function serveWebhook(lease: Lease, needs: ServeNeeds): Promise<number> {
  const until = performance.now() + TURN_MS;
  let sent = 0;
  let readAt: number | undefined;
  const { store, leaseMs, stopping } = needs;
  const lost = new AbortController();
  const renewals = setInterval(() => {
    // A database that hiccups is no loss: the lease lives on for two more tries, and every write names it.
    void store
      .renew(lease, leaseMs)
      .then((held) => held || lost.abort())
      .catch(() => undefined);
  }, leaseMs / 3);
  const onTheirWay = new Map<string, Promise<void>>();
  try {
    while (!stopping.aborted && !lost.signal.aborted && performance.now() < until) {
      // Each message that is through asks for the next; the outbox need not be asked as often, only before we end.
      const reading = readAt === undefined || performance.now() - readAt >= LOOK_MS;
      if (reading) {
        if (!(await store.readOutbox(lease))) break;
        readAt = performance.now();
      }
      const found = await store.due(lease, [...onTheirWay.keys()], MOST_AT_ONCE - onTheirWay.size);
      if (!found) break;
      for (const delivery of found.deliveries) {
        const done = deliver(delivery, found, lease, needs).catch(() => lost.abort());
        onTheirWay.set(
          delivery.lane,
          done.finally(() => onTheirWay.delete(delivery.lane)),
        );
      }
      sent += found.deliveries.length;
      if (onTheirWay.size === 0) {
        if (reading) break;
        readAt = undefined;
        continue;
      }
      const waking = new AbortController();
      await Promise.race([...onTheirWay.values(), pause(LOOK_MS, undefined, { signal: waking.signal }).catch(() => undefined)]);
      waking.abort();
    }
  } finally {
    await Promise.allSettled(onTheirWay.values());
    clearInterval(renewals);
    await store.release(lease);
  }
  // After trouble nobody is to begin again at once.
  return lost.signal.aborted ? 0 : sent;
}

type Due = NonNullable<Awaited<ReturnType<CourierStore['due']>>>;

/** Throws when what came of it could not be written down: it stays due and is sent again, with the same id. */
async function deliver(
  { id, messageId, body }: Due['deliveries'][number],
  receiver: Receiver,
  lease: Lease,
  { store, send, policy, random, log }: ServeNeeds,
): Promise<void> {
  try {
    const sent = await send({ id: messageId, body }, receiver);
    await store.record(lease, id, { ...sent, random: random() }, policy);
    if (sent.outcome.kind === 'refused') {
      log.info({ webhookId: lease.webhookId, deliveryId: id, because: sent.attempt.error }, 'webhook message not taken');
    }
  } catch (thrown) {
    log.warn({ webhookId: lease.webhookId, deliveryId: id, because: sayWhy(thrown) }, 'webhook attempt not recorded');
    throw thrown;
  }
}

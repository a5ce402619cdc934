// Sends events to webhooks: takes those that have something to do, a bounded number at once, whoever else does the same elsewhere.
import { setTimeout as pause } from 'node:timers/promises';
import { seconds } from '@rackwright/domain/durations.ts';
import { DELIVERY_POLICY, type DeliveryPolicy } from '@rackwright/domain/webhooks/delivery-policy.ts';
import type { TargetPolicy } from '@rackwright/domain/webhooks/target.ts';
import type { CourierStore, Log } from '../needs.ts';
import { guardedDispatcher } from './guarded-dispatcher.ts';
import { ANSWER_MS, sendMessage } from './send-message.ts';
import { MOST_AT_ONCE, serveWebhook, type ServeNeeds } from './serve-webhook.ts';
import { sayWhy } from '../say-why.ts';

export type CourierConfig = {
  targets: TargetPolicy;
  /** Unless told: DELIVERY_POLICY. */
  policy?: DeliveryPolicy;
  /** 15 s unless told. */
  answerMs?: number;
  /** 20 s unless told: after that another takes over from a worker that died. */
  leaseMs?: number;
};
export type CourierNeeds = {
  store: CourierStore;
  /** Calls back when there may be newer events. */
  onNew: (callback: () => void) => () => void;
  worker: string;
  log: Log;
};

const MOST_WEBHOOKS_AT_ONCE = 20;
/** Retries become due, tests are asked for, leases of the dead run out: none of it is told to us. */
const LOOK_MS = seconds(1);
/** Under load each commit is news: so often at most we ask whose turn it is. */
const CALM_MS = 50;
/** What is on its way when we stop may still be answered; otherwise it is sent again, with the same id. */
const GRACE_MS = seconds(5);

export function startCourier(config: CourierConfig, { store, onNew, worker, log }: CourierNeeds): { close(): Promise<void> } {
  const stop = new AbortController();
  const abandon = new AbortController();
  const dispatcher = guardedDispatcher(config.targets, MOST_AT_ONCE);
  const sending = { policy: config.targets, dispatcher, timeoutMs: config.answerMs ?? ANSWER_MS, abandon: abandon.signal };
  const leaseMs = config.leaseMs ?? seconds(20);
  const needs: ServeNeeds = {
    store,
    send: (message, receiver) => sendMessage(message, receiver, sending),
    policy: config.policy ?? DELIVERY_POLICY,
    leaseMs,
    random: Math.random,
    log,
    stopping: stop.signal,
  };
  const serving = new Set<Promise<void>>();
  let bell = new AbortController();
  const ring = (): void => bell.abort();
  const unsubscribe = onNew(ring);
  const sayTrouble = (thrown: unknown): void => log.warn({ because: sayWhy(thrown) }, 'webhooks');

  const takeTurns = async (): Promise<void> => {
    const leases = await store.claim(worker, leaseMs, MOST_WEBHOOKS_AT_ONCE - serving.size);
    for (const lease of leases) {
      const turn: Promise<void> = serveWebhook(lease, needs)
        // Something may have come just as a busy turn ended. An idle one rings nobody, or it would begin again at once.
        .then((sent) => (sent > 0 ? ring() : undefined), sayTrouble)
        .finally(() => serving.delete(turn));
      serving.add(turn);
    }
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      bell = new AbortController();
      if (serving.size < MOST_WEBHOOKS_AT_ONCE) await takeTurns().catch(sayTrouble);
      await pause(CALM_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      const wake = AbortSignal.any([bell.signal, stop.signal]);
      await pause(LOOK_MS, undefined, { signal: wake }).catch(() => undefined);
    }
  };
  const running = run();

  return {
    async close() {
      unsubscribe();
      stop.abort();
      await running;
      const grace = setTimeout(() => abandon.abort(), GRACE_MS);
      await Promise.allSettled(serving);
      clearTimeout(grace);
      await dispatcher.destroy();
    },
  };
}

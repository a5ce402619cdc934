// Time as the driver sees it, so that a test need not wait for a server's power supply.
import { setTimeout as sleep } from 'node:timers/promises';

export type Clock = {
  /** Milliseconds; only differences mean something. */
  now(): number;
  wait(ms: number): Promise<void>;
};

export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (ms) => sleep(ms),
};

// When operations want to be looked at again: timers of this process, one per operation.
import { hours } from '@rackwright/domain/durations.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { Alarms } from './needs.ts';

/** What sleeps longer is left to the sweep. */
const LONGEST_MS = hours(1);

/**
 * No delayed jobs of the queue: each would have to be stored, fetched and removed, and one that is out of date, because the operation
 * was woken by news meanwhile, would run it for nothing and leave another such job behind.
 */
export function alarms(ring: (operationId: OperationId) => void): Alarms & { close(): void } {
  const timers = new Map<OperationId, NodeJS.Timeout>();
  return {
    set(operationId, delayMs) {
      clearTimeout(timers.get(operationId));
      timers.delete(operationId);
      if (delayMs > LONGEST_MS) return;
      const timer = setTimeout(() => {
        timers.delete(operationId);
        ring(operationId);
      }, delayMs);
      timers.set(operationId, timer.unref());
    },
    close() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

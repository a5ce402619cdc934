// Wakes operations whose wake-up was lost: the queue was emptied, or the process that would have woken them died.
import { seconds } from '@rackwright/domain/durations.ts';
import type { OperationId } from '@rackwright/domain/ids.ts';
import type { RunStore, WakeUps } from './needs.ts';

/** A site's worth: after the queue was lost everything that waits is woken by one sweep. */
const MOST = 1_000;
/** Under load a wake-up waits in the queue for longer than a sweep takes to come by: not every sweep repeats it. */
const AGAIN_MS = seconds(6);

/** @returns one sweep, to be called every now and then. @param now  milliseconds, of any clock */
export function sweepDue(runs: Pick<RunStore, 'due'>, queue: WakeUps, now: () => number): () => Promise<void> {
  const woken = new Map<OperationId, number>();
  return async () => {
    for (const [operationId, at] of woken) if (now() - at >= AGAIN_MS) woken.delete(operationId);
    for (const operationId of await runs.due(MOST)) {
      if (woken.has(operationId)) continue;
      await queue.wakeUp(operationId);
      woken.set(operationId, now());
    }
  };
}

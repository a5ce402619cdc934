// The controller of replacements: looks at those that run, takes each as far as it can go now, wakes what was begun.
import type { OperationId, ReplacementId } from '@rackwright/domain/ids.ts';
import type { Log, WakeUps } from './needs.ts';
import { sayWhy } from './say-why.ts';

export type ReplacementStore = {
  running(limit: number): Promise<ReplacementId[]>;
  /** The operation that was begun, if one was. Harmless to call at any time, from any process. */
  advance(id: ReplacementId): Promise<OperationId | undefined>;
};

const MOST = 500;

/** One that cannot be advanced now holds up no other, and is looked at again. */
export async function advanceReplacements(store: ReplacementStore, queue: WakeUps, log: Log): Promise<void> {
  for (const replacementId of await store.running(MOST)) {
    try {
      const operationId = await store.advance(replacementId);
      if (operationId === undefined) continue;
      log.info({ replacementId, operationId }, 'replacement goes on');
      await queue.wakeUp(operationId);
    } catch (thrown) {
      log.warn({ replacementId, because: sayWhy(thrown) }, 'replacement not advanced');
    }
  }
}

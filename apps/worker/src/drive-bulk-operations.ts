// What one sweep does for bulk operations: sees what ended, begins what is next, wakes what began. The waves are decided in the store's transaction.
import type { BulkOperationId } from '@rackwright/domain/ids.ts';
import type { BulkDriver, Log, WakeUps } from './needs.ts';

const MOST_BULKS = 50;
/** A step that begins something is followed by another look; no bulk operation keeps the others waiting for long. */
const MOST_STEPS = 10;

export type BulkNeeds = { bulks: BulkDriver; queue: WakeUps; log: Log };

/** Harmless to call at any time, from any process. */
export async function driveBulkOperations(needs: BulkNeeds): Promise<void> {
  for (const id of await needs.bulks.due(MOST_BULKS)) {
    // One that fails, a server locked by a hanging client say, is tried again by the next sweep and holds up no other.
    await drive(needs, id).catch((err: unknown) => needs.log.warn({ err, bulkOperationId: id }, 'bulk operation not advanced'));
  }
}

async function drive({ bulks, queue }: BulkNeeds, id: BulkOperationId): Promise<void> {
  for (let turn = 0; turn < MOST_STEPS; turn++) {
    const step = await bulks.advance(id);
    if (!step) return;
    // A lost wake-up is found by the sweep of operations.
    for (const operationId of step.begun) await queue.wakeUp(operationId).catch(() => undefined);
    if (!step.again) return;
  }
}

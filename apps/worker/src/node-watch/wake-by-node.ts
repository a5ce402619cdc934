// A Node that changed wakes the operation that works on its server: it waits for the Node, or for its pods.
import type { ClusterId, OperationId } from '@rackwright/domain/ids.ts';
import type { NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import type { Log } from '../needs.ts';
import { sayWhy } from '../say-why.ts';

export type WakeByNodeNeeds = {
  operationOf(clusterId: ClusterId, nodeName: string): Promise<OperationId | undefined>;
  wakeUp(operationId: OperationId): Promise<void>;
  log: Pick<Log, 'warn'>;
};

/** @returns  what never throws: whoever waits looks every few seconds anyway, and a watch does not end for us */
export function wakeByNode({
  operationOf,
  wakeUp,
  log,
}: WakeByNodeNeeds): (clusterId: ClusterId, change: NodeChange) => Promise<void> {
  let told = false;
  return async (clusterId, change) => {
    // A whole list or a gap needs no wake-up.
    if (change.kind !== 'changed') return;
    try {
      const operationId = await operationOf(clusterId, change.node.name);
      if (operationId !== undefined) await wakeUp(operationId);
      told = false;
    } catch (thrown) {
      // Thousands of Nodes change while a database is away: told when it begins, and anew after it was over.
      if (told) return;
      told = true;
      log.warn({ clusterId, node: change.node.name, because: sayWhy(thrown) }, 'Nodes that change wake nobody');
    }
  };
}

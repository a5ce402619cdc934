// Nodes that change wake whoever works on their server; trouble with that is told, once, and no secret with it.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { ClusterNode, NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import { expect, test } from 'vitest';
import { wakeByNode } from './wake-by-node.ts';

const CLUSTER = 'clu_1' as ClusterId;
const changed = (name: string): NodeChange => ({ kind: 'changed', node: { name } as ClusterNode });

test('the operation of a Node that changed is woken; a whole list wakes nobody', async () => {
  const woken: string[] = [];
  const wake = wakeByNode({
    operationOf: async (_, nodeName) => (nodeName === 'n1' ? 'op_1' : undefined),
    wakeUp: async (id) => void woken.push(id),
    log: { warn: () => undefined },
  });
  await wake(CLUSTER, changed('n1'));
  await wake(CLUSTER, changed('n2'));
  await wake(CLUSTER, { kind: 'listed', nodes: [{ name: 'n1' } as ClusterNode] });
  expect(woken).toEqual(['op_1']);
});

test('trouble is told when it begins and anew after it was over, never thrown, and without its cause', async () => {
  const told: string[] = [];
  let away = true;
  const wake = wakeByNode({
    operationOf: async () => {
      if (away) throw new Error('query the database', { cause: new Error('postgres://u:hunter2@db') });
      return 'op_1';
    },
    wakeUp: async () => undefined,
    log: { warn: (facts, message) => void told.push(`${message}: ${JSON.stringify(facts)}`) },
  });
  for (const name of ['n1', 'n2', 'n3']) await wake(CLUSTER, changed(name));
  const line = 'Nodes that change wake nobody: {"clusterId":"clu_1","node":"n1","because":"query the database"}';
  expect(told).toEqual([line]);
  away = false;
  await wake(CLUSTER, changed('n1'));
  away = true;
  await wake(CLUSTER, changed('n1'));
  expect(told).toEqual([line, line]);
});

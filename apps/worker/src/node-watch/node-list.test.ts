// What a watch lets us conclude: nothing before the first list and while it is lost.
import type { ClusterNode } from '@rackwright/kubernetes/cluster-api.ts';
import { expect, test } from 'vitest';
import { type NodeList, nodeList } from './node-list.ts';

const node = (name: string, uid = `uid-${name}`): ClusterNode => ({
  name,
  uid,
  ready: true,
  conditions: [],
  unschedulable: false,
  cordonedBy: undefined,
  providerID: undefined,
  labels: { 'rackwright.dev/server-id': `srv-${name}` },
  taints: [],
  kubeletVersion: '',
  bootId: '',
  addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
  volumesAttached: [],
});

const seenBy = (list: NodeList) => {
  const sight = list.look();
  return sight.sees ? sight.nodes.map(({ seen }) => seen) : undefined;
};

test('a change before the first list tells of one Node, not of all', () => {
  const list = nodeList();
  expect(seenBy(list)).toBeUndefined();
  list.take({ kind: 'changed', node: node('a') });
  expect(seenBy(list)).toBeUndefined();
  list.take({ kind: 'listed', nodes: [node('b')] });
  expect(seenBy(list)).toEqual([{ name: 'b', uid: 'uid-b', serverId: 'srv-b', addresses: ['10.0.0.1'] }]);
});

test('lost: nothing is concluded until a list or a change tells that it is back', () => {
  const list = nodeList();
  list.take({ kind: 'listed', nodes: [node('a'), node('b')] });
  list.take({ kind: 'lost', why: 'no answer' });
  expect(seenBy(list)).toBeUndefined();
  list.take({ kind: 'changed', node: node('c') });
  expect(seenBy(list)?.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  list.take({ kind: 'lost', why: 'no answer' });
  list.take({ kind: 'listed', nodes: [node('c')] });
  expect(seenBy(list)?.map(({ name }) => name)).toEqual(['c']);
});

test('the end of a Node does not take its successor of the same name away', () => {
  const list = nodeList();
  list.take({ kind: 'listed', nodes: [node('a')] });
  list.take({ kind: 'changed', node: node('a', 'later') });
  list.take({ kind: 'removed', name: 'a', uid: 'uid-a' });
  expect(seenBy(list)).toMatchObject([{ uid: 'later' }]);
  list.take({ kind: 'removed', name: 'a', uid: 'later' });
  expect(seenBy(list)).toEqual([]);
});

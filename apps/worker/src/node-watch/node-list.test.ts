// What a watch lets us conclude: nothing before the first list and while it is lost.
import type { ClusterNode } from '@rackwright/kubernetes/cluster-api.ts';
import { expect, test } from 'vitest';
import { nodeList } from './node-list.ts';

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

test('a change before the first list tells of one Node, not of all', () => {
  const list = nodeList();
  expect(list.all()).toBeUndefined();
  list.take({ kind: 'changed', node: node('a') });
  expect(list.all()).toBeUndefined();
  list.take({ kind: 'listed', nodes: [node('b')] });
  expect(list.all()).toEqual([{ name: 'b', uid: 'uid-b', serverId: 'srv-b', addresses: ['10.0.0.1'] }]);
});

test('lost: nothing is concluded until a list or a change tells that it is back', () => {
  const list = nodeList();
  list.take({ kind: 'listed', nodes: [node('a'), node('b')] });
  list.take({ kind: 'lost', why: 'no answer' });
  expect(list.all()).toBeUndefined();
  list.take({ kind: 'changed', node: node('c') });
  expect(list.all()?.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  list.take({ kind: 'lost', why: 'no answer' });
  list.take({ kind: 'listed', nodes: [node('c')] });
  expect(list.all()?.map(({ name }) => name)).toEqual(['c']);
});

test('the end of a Node does not take its successor of the same name away', () => {
  const list = nodeList();
  list.take({ kind: 'listed', nodes: [node('a')] });
  list.take({ kind: 'changed', node: node('a', 'later') });
  list.take({ kind: 'removed', name: 'a', uid: 'uid-a' });
  expect(list.all()).toMatchObject([{ uid: 'later' }]);
  list.take({ kind: 'removed', name: 'a', uid: 'later' });
  expect(list.all()).toEqual([]);
});

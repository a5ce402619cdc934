// What a worker sees of its clusters: whole and fresh, or nothing; one blind eye closes no other.
import type { ClusterId } from '@rackwright/domain/ids.ts';
import type { ClusterNode, NodeChange } from '@rackwright/kubernetes/cluster-api.ts';
import { expect, test } from 'vitest';
import { nodeList, type NodeReading } from '../node-watch/node-list.ts';
import { type Sight, writeDownSights } from './write-down-sights.ts';

const [A, B] = ['cls_a', 'cls_b'] as [ClusterId, ClusterId];
const silence = { info: () => undefined, warn: () => undefined, error: () => undefined };

function node(name: string, ready: 'True' | 'False' | 'Unknown', labels: Record<string, string> = {}): ClusterNode {
  const conditions = [{ type: 'Ready', status: ready, reason: 'r', message: 'm', since: '' }];
  const nothing = {
    unschedulable: false,
    cordonedBy: undefined,
    providerID: undefined,
    taints: [],
    addresses: [],
    volumesAttached: [],
  };
  return { name, uid: `uid-${name}`, ready: ready === 'True', conditions, labels, kubeletVersion: 'v1', bootId: '', ...nothing };
}

function worker() {
  const noted = new Map<ClusterId, readonly NodeReading[]>();
  const sights: Sight[][] = [];
  const broken = new Set<ClusterId>();
  const lists = new Map([A, B].map((id) => [id, nodeList()]));
  const listOf = (id: ClusterId) => {
    const list = lists.get(id);
    if (!list) throw new Error(`no cluster ${id}`);
    return list;
  };
  const seen = {
    take: (id: ClusterId, change: NodeChange) => listOf(id).take(change),
    writeDown: () =>
      writeDownSights({
        clusters: async () => [A, B],
        sight: async (id) => {
          if (broken.has(id)) throw new Error('connection refused');
          return listOf(id).look();
        },
        noteNodes: async (id, nodes) => void noted.set(id, nodes),
        noteSights: async (told) => void sights.push([...told]),
        log: silence,
      }),
  };
  return { seen, noted, broken, last: () => sights.at(-1) };
}

test('nothing is written down before the first whole list, and nothing while the watch is lost', async () => {
  const { seen, noted, last } = worker();
  await seen.writeDown();
  expect(noted.size).toBe(0);
  expect(last()).toEqual([
    { clusterId: A, sees: false, why: 'not listed yet' },
    { clusterId: B, sees: false, why: 'not listed yet' },
  ]);
  seen.take(A, {
    kind: 'listed',
    nodes: [node('n1', 'True'), node('n2', 'Unknown', { 'node-role.kubernetes.io/control-plane': '' })],
  });
  seen.take(A, { kind: 'lost', why: 'timeout' });
  await seen.writeDown();
  expect(noted.size).toBe(0);
  expect(last()?.[0]).toEqual({ clusterId: A, sees: false, why: 'timeout' });
  seen.take(A, { kind: 'changed', node: node('n1', 'False') });
  await seen.writeDown();
  expect(noted.get(A)).toEqual([
    { nodeName: 'n1', controlPlane: false, signals: [{ signal: 'node_not_ready', detail: 'm' }] },
    { nodeName: 'n2', controlPlane: true, signals: [{ signal: 'node_silent', detail: 'm' }] },
  ]);
  expect(last()?.map(({ sees }) => sees)).toEqual([true, false]);
});

test('a change before the first list is no whole view', async () => {
  const { seen, noted, last } = worker();
  seen.take(A, { kind: 'changed', node: node('n1', 'True') });
  await seen.writeDown();
  expect(noted.size).toBe(0);
  expect(last()?.[0]?.sees).toBe(false);
});

test('a Node that goes is gone, its successor of the same name is not; one cluster that refuses us holds up no other', async () => {
  const { seen, noted, broken, last } = worker();
  seen.take(B, { kind: 'listed', nodes: [node('n1', 'True'), node('n2', 'True')] });
  seen.take(B, { kind: 'removed', name: 'n1', uid: 'uid-n1' });
  seen.take(B, { kind: 'removed', name: 'n2', uid: 'uid of an older one' });
  broken.add(A);
  await seen.writeDown();
  expect(noted.get(B)?.map(({ nodeName }) => nodeName)).toEqual(['n2']);
  expect(last()).toEqual([
    { clusterId: A, sees: false, why: 'connection refused' },
    { clusterId: B, sees: true, why: '' },
  ]);
});

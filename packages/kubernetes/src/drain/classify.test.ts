// Which pods a drain touches, one line each.
import { expect, test } from 'vitest';
import type { PodObject } from '../http/objects.ts';
import { classifyPod } from './classify.ts';

const meta = { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '1' };
const owned = (kind: string) => ({ ...meta, ownerReferences: [{ kind, name: 'o', uid: 'x', controller: true }] });
const emptyDir = {
  volumes: [
    { name: 'config', emptyDir: undefined as never },
    { name: 'scratch', emptyDir: {} },
  ],
};
const managed: PodObject = { metadata: owned('ReplicaSet') };

const cases: [what: string, pod: PodObject, daemonSetExists: boolean, expected: string][] = [
  ['managed', managed, false, 'evict'],
  ['mirror', { metadata: { ...meta, annotations: { 'kubernetes.io/config.mirror': 'x' } } }, false, 'stays mirror_pod'],
  [
    'asked to be skipped',
    { metadata: { ...owned('ReplicaSet'), labels: { 'cluster.x-k8s.io/drain': 'skip' } } },
    false,
    'stays asked_to_be_skipped',
  ],
  ['of a DaemonSet', { metadata: owned('DaemonSet') }, true, 'stays daemonset'],
  ['finished, of a DaemonSet', { metadata: owned('DaemonSet'), status: { phase: 'Failed' } }, true, 'evict'],
  ['orphan of a DaemonSet', { metadata: owned('DaemonSet') }, false, 'evict'],
  ['on its way out', { metadata: { ...owned('ReplicaSet'), deletionTimestamp: 'x' } }, false, 'leaving'],
  ['with local storage', { metadata: owned('ReplicaSet'), spec: emptyDir }, false, 'held local_storage'],
  ['unmanaged', { metadata: meta }, false, 'held unmanaged'],
  [
    'owned, but by no controller',
    { metadata: { ...meta, ownerReferences: [{ kind: 'Node', name: 'n', uid: 'x' }] } },
    false,
    'held unmanaged',
  ],
  ['finished, unmanaged, with local storage', { metadata: meta, spec: emptyDir, status: { phase: 'Succeeded' } }, false, 'evict'],
];

test.each(cases)('%s', (_, pod, daemonSetExists, expected) => {
  const verdict = classifyPod(pod, { localStorage: 'block', unmanaged: 'block' }, daemonSetExists);
  const why = verdict.kind === 'stays' ? ` ${verdict.because}` : verdict.kind === 'held' ? ` ${verdict.reason}` : '';
  expect(`${verdict.kind}${why}`).toBe(expected);
});

test('a policy that gives them up evicts unmanaged pods and local storage', () => {
  const pod: PodObject = { metadata: meta, spec: emptyDir };
  expect(classifyPod(pod, { localStorage: 'evict', unmanaged: 'evict' }, false)).toEqual({ kind: 'evict' });
});

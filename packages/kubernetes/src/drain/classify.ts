// Sorts the pods of a node that is to be emptied, by kubectl drain's rules (kubectl pkg/drain/filters.go).
import type { DrainPolicy } from '../cluster-api.ts';
import type { PodObject } from '../http/objects.ts';

export type PodClass =
  /** Stays: the kubelet's own, or a DaemonSet would make it again here at once. */
  | { kind: 'stays'; because: 'mirror_pod' | 'daemonset' | 'asked_to_be_skipped' }
  | { kind: 'leaving' }
  | { kind: 'evict' }
  | { kind: 'held'; reason: 'local_storage' | 'unmanaged'; message: string };

const MIRROR = 'kubernetes.io/config.mirror';
/** Cluster API's label; honoured so that a pod need be marked only once. */
const DRAIN_LABEL = 'cluster.x-k8s.io/drain';

/** `daemonSetExists` tells whether this pod's DaemonSet is still there: orphans of a deleted one are evicted. */
export function classifyPod(pod: PodObject, policy: DrainPolicy, daemonSetExists: boolean): PodClass {
  const { annotations, labels, deletionTimestamp } = pod.metadata;
  if (annotations?.[MIRROR] !== undefined) return { kind: 'stays', because: 'mirror_pod' };
  if (labels?.[DRAIN_LABEL] === 'skip') return { kind: 'stays', because: 'asked_to_be_skipped' };
  const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  if (daemonSetOf(pod) !== undefined && daemonSetExists && !finished) return { kind: 'stays', because: 'daemonset' };
  if (deletionTimestamp !== undefined) return { kind: 'leaving' };
  // A finished pod holds nothing that anybody could still lose.
  if (finished) return { kind: 'evict' };
  const emptyDir = pod.spec?.volumes?.find((volume) => volume.emptyDir !== undefined);
  if (emptyDir && policy.localStorage === 'block') {
    return { kind: 'held', reason: 'local_storage', message: `volume ${emptyDir.name} (emptyDir) would be lost` };
  }
  if (controllerOf(pod) === undefined && policy.unmanaged === 'block') {
    return { kind: 'held', reason: 'unmanaged', message: 'no controller would make this pod again' };
  }
  return { kind: 'evict' };
}

export function daemonSetOf(pod: PodObject): string | undefined {
  const owner = controllerOf(pod);
  return owner?.kind === 'DaemonSet' ? owner.name : undefined;
}

function controllerOf(pod: PodObject) {
  return pod.metadata.ownerReferences?.find((owner) => owner.controller);
}

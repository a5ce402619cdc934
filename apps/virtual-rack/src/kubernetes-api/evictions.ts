// Evictions in the simulated API server: a pod goes unless a disruption budget would be broken (policy/v1).
import { ApiRefusal } from './answers.ts';
import { isObject } from './merge-patch.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import { matchesLabelMap } from './selectors.ts';

/** Throws the very answers of kube-apiserver, sentences included: people and our client read them. */
export function insistBudgetsAllow(store: ObjectStore, pod: StoredObject): void {
  if (isFinished(pod) || pod.metadata.deletionTimestamp) return;
  const budgets = store.list('policy/poddisruptionbudgets', pod.metadata.namespace).filter((budget) => covers(budget, pod));
  if (budgets.length > 1) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new ApiRefusal(500, 'InternalError', message);
  }
  const [budget] = budgets;
  if (budget === undefined || !isHealthy(pod)) return;
  const { currentHealthy: healthy, desiredHealthy: needed, disruptionsAllowed } = countBudget(store, budget);
  if (disruptionsAllowed > 0) return;
  const message = `The disruption budget ${budget.metadata.name} needs ${needed} healthy pods and has ${healthy} currently`;
  throw new ApiRefusal(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", [
    { reason: 'DisruptionBudget', message },
  ]);
}

/** What the disruption controller writes into a budget's status. */
export function countBudget(store: ObjectStore, budget: StoredObject) {
  const covered = store.list('/pods', budget.metadata.namespace).filter((pod) => covers(budget, pod));
  const currentHealthy = covered.filter(isHealthy).length;
  const desiredHealthy = healthyNeeded(budget, covered.length);
  const disruptionsAllowed = Math.max(0, currentHealthy - desiredHealthy);
  return { expectedPods: covered.length, currentHealthy, desiredHealthy, disruptionsAllowed };
}

function covers(budget: StoredObject, pod: StoredObject): boolean {
  const selector = (budget.spec as { selector?: { matchLabels?: Record<string, string> } } | undefined)?.selector;
  return matchesLabelMap(pod, selector?.matchLabels ?? {});
}

function healthyNeeded(budget: StoredObject, expected: number): number {
  const { minAvailable, maxUnavailable } = (budget.spec ?? {}) as { minAvailable?: unknown; maxUnavailable?: unknown };
  if (minAvailable !== undefined) return countOf(minAvailable, expected);
  return expected - countOf(maxUnavailable ?? 0, expected);
}

/** An integer, or a percentage rounded up. */
function countOf(value: unknown, of: number): number {
  const percent = /^(\d+)%$/.exec(String(value))?.[1];
  return percent === undefined ? Number(value) : Math.ceil((Number(percent) / 100) * of);
}

function isHealthy(pod: StoredObject): boolean {
  const conditions = isObject(pod.status) && Array.isArray(pod.status.conditions) ? pod.status.conditions : [];
  return (
    !pod.metadata.deletionTimestamp &&
    conditions.some((c: { type?: string; status?: string }) => c.type === 'Ready' && c.status === 'True')
  );
}

function isFinished(pod: StoredObject): boolean {
  const phase = (pod.status as { phase?: string } | undefined)?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

// Disruption budgets as the eviction API reads them (Kubernetes pkg/registry/core/pod/storage/eviction.go): which cover a pod, and would they hold it?
import type { BudgetObject, PodObject } from '../http/objects.ts';

export function covers({ apiVersion, metadata, spec }: BudgetObject, pod: PodObject): boolean {
  if ((metadata.namespace ?? 'default') !== (pod.metadata.namespace ?? 'default')) return false;
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
  const empty = Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
  // No selector covers nothing; an empty one covers everything since policy/v1, and nothing before.
  if (empty) return spec?.selector !== undefined && apiVersion !== 'policy/v1beta1';
  const labels = pod.metadata.labels ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((one) => fits(one, labels))
  );
}

type Expression = { key: string; operator: string; values?: string[] };

function fits({ key, operator, values = [] }: Expression, labels: Record<string, string>): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      // A word of a newer Kubernetes: rather one budget too many than a pod that is said to go.
      return true;
  }
}

/** Why the eviction would be refused now; null when it would be agreed to. */
export function holds(covering: readonly BudgetObject[], pod: PodObject): string | null {
  const [budget, another] = covering;
  if (!budget || pod.status?.phase === 'Pending') return null;
  if (another) return `several disruption budgets cover it: ${covering.map(({ metadata }) => metadata.name).join(', ')}`;
  const { disruptionsAllowed, currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  if (disruptionsAllowed === undefined) return `disruption budget ${budget.metadata.name} was not counted by its controller yet`;
  if (disruptionsAllowed > 0 || mayGoUnhealthy(budget, pod, currentHealthy, desiredHealthy)) return null;
  return `disruption budget ${budget.metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy}`;
}

/** A pod that is not Ready protects nobody: it may go while the budget is met without it. */
function mayGoUnhealthy(budget: BudgetObject, pod: PodObject, currentHealthy: number, desiredHealthy: number): boolean {
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  if (ready) return false;
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

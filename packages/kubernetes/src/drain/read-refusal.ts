// Reads why the eviction API said no, so that a person sees which budget holds the pod.
import type { RemainingPod } from '../cluster-api.ts';
import type { ApiFailure } from '../http/faults.ts';

type Block = NonNullable<RemainingPod['blockedBy']>;

/** Kubernetes' own sentence: "The disruption budget web needs 2 healthy pods and has 2 currently". */
const BUDGET = /^The disruption budget (\S+) /;

export function readEvictionRefusal(failure: ApiFailure): Block {
  const cause = failure.causes.find(({ reason, message }) => reason === 'DisruptionBudget' || BUDGET.test(message));
  const message = cause?.message || failure.message || `HTTP ${failure.status}`;
  if (failure.status === 429 && cause) {
    const pdb = BUDGET.exec(cause.message)?.[1];
    return { reason: 'disruption_budget', ...(pdb === undefined ? {} : { pdb }), message };
  }
  // Without a budget among the causes a 429 is the API server's own rate limit.
  if (failure.status === 429 || failure.status === 503) return { reason: 'api_server_busy', message };
  if (failure.status === 500 && /more than one PodDisruptionBudget/i.test(message)) {
    return { reason: 'several_disruption_budgets', message };
  }
  return { reason: 'refused_by_api_server', message };
}

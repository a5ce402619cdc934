// What the eviction API says when it refuses, as kube-apiserver 1.20 and 1.36 word it.
import { expect, test } from 'vitest';
import { readEvictionRefusal } from './read-refusal.ts';

const failure = (status: number, message: string, causes: { reason: string; message: string }[] = []) => ({
  status,
  reason: 'TooManyRequests',
  message,
  causes,
  retryAfterMs: undefined,
});

test('a budget is named', () => {
  const sentence = 'The disruption budget web needs 2 healthy pods and has 2 currently';
  const cause = { reason: 'DisruptionBudget', message: sentence };
  expect(readEvictionRefusal(failure(429, "Cannot evict pod as it would violate the pod's disruption budget.", [cause]))).toEqual(
    {
      reason: 'disruption_budget',
      pdb: 'web',
      message: sentence,
    },
  );
});

test('a budget that is not counted yet is a budget all the same', () => {
  const message = 'The disruption budget web is still being processed by the server.';
  const refusal = readEvictionRefusal(failure(429, 'x', [{ reason: 'DisruptionBudget', message }]));
  expect(refusal).toMatchObject({ reason: 'disruption_budget', pdb: 'web' });
});

test('429 without a budget is the server’s own limit', () => {
  expect(readEvictionRefusal(failure(429, 'too many requests')).reason).toBe('api_server_busy');
});

test('two budgets on one pod are a mistake that waiting does not mend', () => {
  const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
  expect(readEvictionRefusal(failure(500, message))).toEqual({ reason: 'several_disruption_budgets', message });
});

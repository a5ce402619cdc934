// What the end of an operation means to the item that began it.
import type { Acted, Item } from './task.ts';

/** Undefined: it succeeded. */
export function failureOf({ operation }: Item): Acted | undefined {
  if (!operation || operation.state === 'succeeded') return undefined;
  const error = operation.error ?? {
    ...{ kind: 'refusal' as const, code: 'operation_cancelled', message: 'the operation was cancelled', retry: 'never' as const },
    facts: {},
  };
  return { do: 'fail', error: { ...error, facts: { ...error.facts, operationId: operation.id } } };
}

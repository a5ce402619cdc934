// Label and field selectors, as far as Rackwright, kubelets and kubectl use them.
import type { StoredObject } from './object-store.ts';

export type Predicate = (object: StoredObject) => boolean;

/** Of `labelSelector` and `fieldSelector`: read once, asked for thousands of objects. */
export function selecting(query: URLSearchParams): Predicate {
  const clauses = [...split(query.get('labelSelector')).map(labelClause), ...split(query.get('fieldSelector')).map(fieldClause)];
  return (object) => clauses.every((holds) => holds(object));
}

/** `a=b`, `a==b`, `a!=b`, `a` (exists), `!a`; joined by commas. */
function labelClause(clause: string): Predicate {
  if (clause.startsWith('!')) return ({ metadata }) => metadata.labels?.[clause.slice(1)] === undefined;
  const [, key = '', sign, value] = /^([^=!]+?)(?:(==?|!=)(.*))?$/.exec(clause) ?? [];
  if (sign === undefined) return ({ metadata }) => metadata.labels?.[key] !== undefined;
  return ({ metadata }) => (metadata.labels?.[key] === value) === (sign !== '!=');
}

/** `spec.nodeName=n1`, `metadata.name!=x`: any path of names; a missing value is the empty text. */
function fieldClause(clause: string): Predicate {
  const [, path = '', sign, value] = /^([^=!]+)(==?|!=)(.*)$/.exec(clause) ?? [];
  const steps = path.split('.');
  return (object) => (fieldAt(object, steps) === value) === (sign !== '!=');
}

/** PodDisruptionBudget's selector: matchLabels alone. An empty one matches all (policy/v1). */
export function matchesLabelMap(object: StoredObject, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => object.metadata.labels?.[key] === value);
}

function split(selector: string | null): string[] {
  return (selector ?? '').split(',').filter(Boolean);
}

function fieldAt(object: StoredObject, steps: string[]): string {
  let at: unknown = object;
  for (const step of steps) at = (at as Record<string, unknown> | undefined)?.[step];
  return typeof at === 'string' ? at : '';
}

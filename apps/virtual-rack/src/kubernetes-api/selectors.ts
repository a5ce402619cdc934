// Label and field selectors, as far as Rackwright, kubelets and kubectl use them.
import type { StoredObject } from './object-store.ts';

/** `a=b`, `a==b`, `a!=b`, `a` (exists), `!a`; joined by commas. */
export function matchesLabels(object: StoredObject, selector: string | null): boolean {
  const labels = object.metadata.labels ?? {};
  return clauses(selector).every((clause) => {
    if (clause.startsWith('!')) return labels[clause.slice(1)] === undefined;
    const [, key = '', sign, value] = /^([^=!]+?)(?:(==?|!=)(.*))?$/.exec(clause) ?? [];
    if (sign === undefined) return labels[key] !== undefined;
    return sign === '!=' ? labels[key] !== value : labels[key] === value;
  });
}

/** `spec.nodeName=n1`, `metadata.name!=x`: any path of names; a missing value is the empty text. */
export function matchesFields(object: StoredObject, selector: string | null): boolean {
  return clauses(selector).every((clause) => {
    const [, path = '', sign, value] = /^([^=!]+)(==?|!=)(.*)$/.exec(clause) ?? [];
    const found = fieldAt(object, path);
    return sign === '!=' ? found !== value : found === value;
  });
}

/** PodDisruptionBudget's selector: matchLabels alone. An empty one matches all (policy/v1). */
export function matchesLabelMap(object: StoredObject, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => object.metadata.labels?.[key] === value);
}

function clauses(selector: string | null): string[] {
  return (selector ?? '').split(',').filter(Boolean);
}

function fieldAt(object: StoredObject, path: string): string {
  let at: unknown = object;
  for (const step of path.split('.')) at = (at as Record<string, unknown> | undefined)?.[step];
  return typeof at === 'string' ? at : '';
}

// Taints are one atomic list: to change one, the whole list is written, with all that others put there.
import type { NodeTaint } from '../cluster-api.ts';
import type { TaintObject } from '../http/objects.ts';

type TaintKey = Pick<NodeTaint, 'key' | 'effect'>;

function same(a: { key: string; effect: string }, b: TaintKey): boolean {
  return a.key === b.key && a.effect === b.effect;
}

/** The list with `wanted` in it, or undefined when it holds them already: then nothing need be written. */
export function withTaints(present: TaintObject[], wanted: NodeTaint[]): TaintObject[] | undefined {
  const missing = wanted.filter((taint) => !present.some((p) => same(p, taint) && (p.value ?? '') === (taint.value ?? '')));
  if (missing.length === 0) return undefined;
  return [...withoutThese(present, missing), ...missing];
}

/** The list without `unwanted`, or undefined when none of them is there. */
export function withoutTaints(present: TaintObject[], unwanted: TaintKey[]): TaintObject[] | undefined {
  const kept = withoutThese(present, unwanted);
  return kept.length === present.length ? undefined : kept;
}

function withoutThese(present: TaintObject[], unwanted: TaintKey[]): TaintObject[] {
  return present.filter((taint) => !unwanted.some((u) => same(taint, u)));
}

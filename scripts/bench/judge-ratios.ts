// Whether a run of a benchmark costs more than the committed one of the same size did.
import { type BenchResult, compare, type Comparison, type Ratios } from './results.ts';

/** Costs that many times what it did are a finding, not noise. */
export const WORSE = 1.5;

export type Judged =
  | { kind: 'nothing_committed' }
  /** What one server costs depends on how many there are: looked at, not judged. */
  | { kind: 'other_size'; compared: Comparison[]; committedSize: number }
  | { kind: 'judged'; compared: Comparison[]; committedSize: number; worse: Comparison[] };

/** @param size  the fact of a result that tells how large the run was, and how large it was now */
export function judgeRatios(now: Ratios, committed: BenchResult | undefined, size: { fact: string; now: number }): Judged {
  if (!committed) return { kind: 'nothing_committed' };
  const compared = compare(now, committed.ratios);
  const committedSize = Number(committed[size.fact]);
  if (committedSize !== size.now) return { kind: 'other_size', compared, committedSize };
  return { kind: 'judged', compared, committedSize, worse: compared.filter(({ times }) => times > WORSE) };
}

// Says how a benchmark compares with the committed result, and fails the run that became worse.
import { judgeRatios } from './judge-ratios.ts';
import { committedResult, type Ratios, table } from './results.ts';

/** @param name  of the benchmark; `size.fact`: what its size is counted in */
export function printJudgement(name: string, ratios: Ratios, size: { fact: string; now: number }): void {
  const judged = judgeRatios(ratios, committedResult(name), size);
  if (judged.kind === 'nothing_committed') return console.log('nothing committed to compare with');
  const rows = judged.compared.map((one) => [one.name, one.now, one.committed, one.times]);
  console.log(`${table([['ratio', 'now', `committed (${judged.committedSize} ${size.fact})`, 'times'], ...rows])}\n`);
  if (judged.kind === 'other_size')
    return console.log(`not judged: ${size.now} ${size.fact} now, and what one costs depends on that`);
  for (const one of judged.worse) console.log(`WORSE: ${one.name}, ${one.times.toFixed(2)} times`);
  if (judged.worse.length > 0) process.exitCode = 1;
}

// `npm run check`: format, lint, types, exports, floors and cycles, generated documents fresh. Says all that is wrong, not the first only.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const checks: [name: string, command: string, args: string[]][] = [
  ['format', bin('biome'), ['format', '.']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings', '-c', '.oxlintrc.json', '.']],
  ['types', bin('tsc'), ['-p', '.']],
  ['exports', process.execPath, ['scripts/exports.ts', '--check']],
  ['floors and cycles', bin('vitest'), ['run', '--project', 'unit', 'test/architecture']],
  ['generated documents', process.execPath, ['scripts/docs.ts', '--check']],
];

const wrong = checks.filter(([name, command, args]) => {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64e6 });
  console.log(`${status === 0 ? 'ok   ' : 'WRONG'} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  if (status !== 0) console.log(`${stdout}${stderr}`.trim());
  return status !== 0;
});
process.exit(wrong.length === 0 ? 0 : 1);

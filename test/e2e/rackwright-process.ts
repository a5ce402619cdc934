// Rackwright itself as a process of its own, as an operator runs it; optionally inside a network namespace.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '../..');

export type RackwrightProcess = { url: string; process: ChildProcess; stop(): Promise<void>; kill(): Promise<void> };

export type RackwrightOptions = {
  /** Added to a clean environment: nothing of the test's own leaks in. */
  env: Record<string, string>;
  httpPort: number;
  /** Where the API listens; loopback unless told. */
  host?: string;
  /** Puts the process inside a network namespace. */
  inside?: (program: string, ...args: string[]) => [program: string, ...args: string[]];
  logFile: string;
  args?: string[];
};

/** Ready when /readyz says so. */
export async function startRackwright(options: RackwrightOptions): Promise<RackwrightProcess> {
  const { env, httpPort, host = '127.0.0.1', logFile, args = [] } = options;
  const main = join(ROOT, 'apps/rackwright/src/main.ts');
  const settings = { RACKWRIGHT_HTTP_PORT: String(httpPort), RACKWRIGHT_HTTP_HOST: host, ...env };
  const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/root', ...settings };
  const plain = (program: string, ...rest: string[]): [string, ...string[]] => [program, ...rest];
  const [program, ...words] = (options.inside ?? plain)(process.execPath, main, ...args);
  const child = spawn(program, words, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const url = `http://${host}:${httpPort}`;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    log.end();
  };
  await untilReady(url, child, logFile).catch(async (cause: unknown) => {
    await end('SIGKILL');
    throw cause;
  });
  return { url, process: child, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

async function untilReady(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const limit = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Rackwright ended with ${child.exitCode}; see ${logFile}`);
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return;
    if (Date.now() > limit) throw new Error(`Rackwright is not ready after 60 s; see ${logFile}`);
    await pause(50);
  }
}

// `npm start` as a newcomer runs it: eight servers in service, a warm second start, nothing left behind.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const data = mkdtempSync(join(tmpdir(), 'rackwright-start-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));

function npmStart(port: number, ...args: string[]) {
  const env = { ...process.env, RACKWRIGHT_DATA: data, RACKWRIGHT_HTTP_PORT: String(port), KUBECONFIG: undefined };
  const child = spawn('npm', ['start', '--', ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  return { child, exit, output: () => output };
}

/** Processes of this machine whose command line names our data directory. */
function stillRunning(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(data));
}

test('first start: 8/8 in service, status 0, nothing left running', async () => {
  const started = npmStart(18_180, '--exit-when-ready');
  expect(await started.exit, started.output()).toBe(0);
  expect(started.output()).toMatch(/^8\/8 in_service in [\d.]+ s$/m);
  expect(stillRunning()).toEqual([]);
});

test('second start: warm, answers the API, and Ctrl-C leaves nothing and no lock', async () => {
  const began = performance.now();
  const started = npmStart(18_181);
  for (;;) {
    const answer = await fetch('http://127.0.0.1:18181/v1/servers').catch(() => undefined);
    if (answer?.ok) {
      expect(((await answer.json()) as { items: unknown[] }).items).toHaveLength(8);
      break;
    }
    if (performance.now() - began > 60_000) throw new Error(`no answer: ${started.output()}`);
    await pause(50);
  }
  console.log(`warm start to first API answer: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  // As a terminal does it: the whole foreground group gets the signal.
  process.kill(-started.child.pid!, 'SIGINT');
  await started.exit;
  expect(stillRunning()).toEqual([]);

  const third = npmStart(18_182, '--exit-when-ready');
  expect(await third.exit, third.output()).toBe(0);
});

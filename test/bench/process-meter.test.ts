// A process that does not write its counts ends the benchmark with words, not with silence.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countOf, measure } from '../../scripts/bench/process-meter.ts';

let folder: string;
let file: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rackwright-meter-'));
  file = join(folder, 'statements.json');
});
afterEach(async () => {
  if (child) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** @param hears  what it does when it is told to write */
async function running(hears: string): Promise<number> {
  const script = `process.on('SIGUSR2', () => { ${hears} }); setInterval(() => {}, 1e6); console.log('ready')`;
  child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child.pid ?? 0;
}

test('a process that hears and writes nothing: said is who was waited for, where and how long', async () => {
  const pid = await running('');
  await expect(measure(pid, file, 0)).rejects.toThrow(
    `waiting for the counts of statements of process ${pid} in ${file}: not there, or not whole, after 0 s`,
  );
});

test('one that only ever writes half is no better', async () => {
  const pid = await running(`require('node:fs').writeFileSync(${JSON.stringify(file)}, '[["select 1",')`);
  await expect(measure(pid, file, 1)).rejects.toThrow('not whole, after 0.001 s');
});

test('what is written whole is read', async () => {
  const pid = await running(`require('node:fs').writeFileSync(${JSON.stringify(file)}, '[["select 1",2],["select 2",3]]')`);
  const used = await measure(pid, file);
  expect(countOf(used)).toBe(5);
  expect(used.peakMegabytes).toBeGreaterThan(1);
});

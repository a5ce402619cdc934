// A tool that is missing must be named aloud with the command that brings it.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { need, needOrSkip, needThatOrSkip } from './tools.ts';

// What these tests pretend must not stand among what was really left out.
beforeEach(() => vi.spyOn(process.stdout, 'write').mockReturnValue(true));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test('a program on the PATH is present', () => {
  expect(need('ip')).toMatchObject({ tool: 'ip', install: 'apt-get install iproute2' });
});

test('a missing thing skips the test and leaves one line on record', () => {
  const record = join(mkdtempSync(join(tmpdir(), 'left-out-')), 'record');
  vi.stubEnv('RACKWRIGHT_LEFT_OUT', record);
  const skipped: (string | undefined)[] = [];
  needThatOrSkip({ skip: (note) => skipped.push(note) }, 'flying', false, 'wings');
  needThatOrSkip({ skip: (note) => skipped.push(note) }, 'walking', true, 'legs');
  expect(skipped).toEqual(['needs wings']);
  expect(vi.mocked(process.stdout.write).mock.calls).toEqual([['left out: flying (needs wings)\n']]);
  expect(readFileSync(record, 'utf8')).toBe('left out: flying (needs wings)\n');
});

test('a missing program names its package', () => {
  vi.stubEnv('PATH', '/nonexistent');
  vi.stubEnv('RACKWRIGHT_LEFT_OUT', '');
  const skipped: (string | undefined)[] = [];
  needOrSkip({ skip: (note) => skipped.push(note) }, 'a test of the test', 'curl');
  expect(skipped).toEqual(['needs curl: apt-get install curl']);
});

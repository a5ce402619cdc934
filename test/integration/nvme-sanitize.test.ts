// NVMe Sanitize as the ramdisk sends it: no emulator has the command, so the program is linked to a drive that writes down what it is sent.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { need, needOrSkip } from '@rackwright/testkit/tools.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

type Drive = Partial<Record<'OACS' | 'SANICAP' | 'ACTIVE' | 'ALLOCATED' | 'LOGS' | 'REFUSES', string>>;

const SOURCE = resolve(import.meta.dirname, '../../packages/install-agent/nvme-sanitize.c');
const DRIVE = join(import.meta.dirname, 'nvme-sanitize-drive.c');
/** One namespace, block erase; never sanitized before, one reading of the log is enough. */
const GOOD: Drive = { OACS: '0', SANICAP: '2', ACTIVE: '1', ALLOCATED: '1', LOGS: '0/0 1/2' };
const CONTROLLER = 'identify 0x1';
const ACTIVE = 'identify 0x2';
const ALLOCATED = 'identify 0x10';
const LOG = 'log 0x81 of 0xffffffff, 512 bytes';
const WAIT = 'wait 5';
/** Sanitize (84h): block erase (2), the drive may be led out of its failure mode (bit 3), and the blocks are deallocated (bit 9 is clear). */
const BLOCK_ERASE = 'command 0x84 0xa 0';
const LEAVE_FAILURE_MODE = 'command 0x84 0x1 0';

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'rackwright-sanitize-'));
  writeFileSync(join(work, 'nvme0n1'), '');
  if (need('cc').present) execFileSync('cc', ['-Wall', '-Wextra', '-Werror', '-o', join(work, 'sanitize'), SOURCE, DRIVE]);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));
beforeEach((ctx) => needOrSkip(ctx, 'the NVMe Sanitize of the install agent', 'cc'));

function sanitize(drive: Drive) {
  const { status, stdout, stderr } = spawnSync(join(work, 'sanitize'), [join(work, 'nvme0n1')], {
    env: { ...GOOD, ...drive },
    encoding: 'utf8',
  });
  return { status, sent: stdout.trimEnd().split('\n'), why: stderr.replace(/^.*: /, '').trimEnd() };
}
const DONE = { status: 0, why: '' };

test('a drive that can: told once, asked until it says that it is done', () => {
  const { sent, ...end } = sanitize({ LOGS: '0/0 2/2 2/2 1/2' });
  expect(end).toEqual(DONE);
  expect(sent).toEqual([CONTROLLER, ACTIVE, LOG, BLOCK_ERASE, WAIT, LOG, WAIT, LOG, WAIT, LOG]);
});

test('done once before: it is done again', () => {
  const { sent, ...end } = sanitize({ LOGS: '1/2 2/2 1/2' });
  expect(end).toEqual(DONE);
  expect(sent).toContain(BLOCK_ERASE);
});

describe('one that runs already, begun before a power cycle', () => {
  test('is waited for, and no second one is begun', () => {
    const { sent, ...end } = sanitize({ LOGS: '2/2 2/2 1/2' });
    expect(end).toEqual(DONE);
    expect(sent).toEqual([CONTROLLER, ACTIVE, LOG, WAIT, LOG, WAIT, LOG]);
  });

  test.each([
    ['is no block erase', '2/4 1/4 2/2 1/2'],
    ['fails', '2/2 3/2 2/2 1/2'],
  ])('%s: ours comes after it', (_, LOGS) => {
    const { sent, ...end } = sanitize({ LOGS });
    expect(end).toEqual(DONE);
    expect(sent).toEqual([CONTROLLER, ACTIVE, LOG, WAIT, LOG, BLOCK_ERASE, WAIT, LOG, WAIT, LOG]);
  });
});

describe('not told to sanitize', () => {
  test.each([
    ['no Sanitize at all', { SANICAP: '0' }, [CONTROLLER], 'no block erase'],
    ['crypto erase and overwrite only', { SANICAP: '5' }, [CONTROLLER], 'no block erase'],
    ['another namespace', { ACTIVE: '1 2' }, [CONTROLLER, ACTIVE], "would erase the drive's other namespaces too"],
    [
      'another namespace that is not attached',
      { OACS: '8', ALLOCATED: '1 7' },
      [CONTROLLER, ALLOCATED],
      "would erase the drive's other namespaces too",
    ],
    ['no status log', { LOGS: '' }, [CONTROLLER, ACTIVE, LOG], 'no sanitize status'],
  ])('%s', (_, drive, sent, why) => expect(sanitize(drive)).toEqual({ status: 1, sent, why }));
});

test('refused: not called done, whatever the log says of an earlier one', () => {
  const { sent, ...end } = sanitize({ LOGS: '1/2', REFUSES: '2' });
  expect(end).toEqual({ status: 1, why: 'sanitize refused, status 0x2' });
  expect(sent.at(-1)).toBe(BLOCK_ERASE);
});

test('failed: led out of its failure mode, so that the next method can be tried', () => {
  const { sent, ...end } = sanitize({ LOGS: '0/0 2/2 3/2' });
  expect(end).toEqual({ status: 1, why: 'sanitize ended with status 3' });
  expect(sent.slice(-2)).toEqual([LOG, LEAVE_FAILURE_MODE]);
});

test('without an end: given up after a day', () => {
  const { sent, ...end } = sanitize({ LOGS: '0/0 2/2' });
  expect(end).toEqual({ status: 1, why: 'sanitize ended with status 2' });
  expect(sent.filter((one) => one === WAIT)).toHaveLength((24 * 60 * 60) / 5);
});

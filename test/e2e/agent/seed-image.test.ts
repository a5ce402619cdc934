// The seed's FAT file system, judged by programs that we did not write.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fatImage } from '@rackwright/documents/cidata/fat-image.ts';
import { needOrSkip, needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'seed-'));
const path = join(folder, 'seed.img');
const userData = `#cloud-config\n${'# a line\n'.repeat(20_000)}`;
const names = [
  'meta-data',
  'user-data',
  'network-config',
  'vendor-data',
  'a name with spaces and more than thirteen letters.txt',
];
writeFileSync(
  path,
  fatImage(
    'CIDATA',
    names.map((name) => ({ name, content: name === 'user-data' ? userData : `${name}\n` })),
  ),
);
afterAll(() => rmSync(folder, { recursive: true }));

test('mtools reads label, names and contents', (ctx) => {
  needOrSkip(ctx, 'the seed image read by mtools', 'mtools');
  const listing = execFileSync('mdir', ['-b', '-i', path, '::'], { encoding: 'utf8' });
  expect(
    listing
      .trim()
      .split('\n')
      .map((line) => line.replace('::/', '')),
  ).toEqual(names);
  expect(execFileSync('mlabel', ['-s', '-i', path, '::'], { encoding: 'utf8' })).toContain('CIDATA');
  expect(execFileSync('mtype', ['-i', path, '::user-data'], { encoding: 'utf8' })).toBe(userData);
});

test('fsck finds nothing to mend', (ctx) => {
  needThatOrSkip(
    ctx,
    'the seed image checked by fsck.vfat',
    existsSync('/usr/sbin/fsck.vfat'),
    'fsck.vfat: apt-get install dosfstools',
  );
  expect(execFileSync('/usr/sbin/fsck.vfat', ['-n', path], { encoding: 'utf8' })).toContain(`${names.length + 1} files`);
});

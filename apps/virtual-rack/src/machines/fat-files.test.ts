// Against file systems that mtools and mkfs.vfat made, not our own writer.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readFat } from './fat-files.ts';

test.each([
  ['12', '4M'],
  ['16', '16M'],
])('a FAT%s of %s', (bits, size) => {
  const folder = mkdtempSync(join(tmpdir(), 'fat-'));
  const image = join(folder, 'image');
  const files = {
    'user-data': '#cloud-config\n'.repeat(3_000),
    'meta-data': 'instance-id: x\n',
    'network-config': 'version: 2\n',
    EMPTY: '',
  };
  execFileSync('truncate', ['-s', size, image]);
  execFileSync('/usr/sbin/mkfs.vfat', ['-F', bits, '-n', 'CIDATA', image], { stdio: 'ignore' });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    execFileSync('mcopy', ['-i', image, join(folder, name), '::']);
  }
  const volume = readFat(readFileSync(image));
  rmSync(folder, { recursive: true });
  expect(volume?.label).toBe('CIDATA');
  const text = Object.fromEntries([...(volume?.files ?? [])].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]));
  expect({ ...text, EMPTY: text.EMPTY ?? text.empty }).toMatchObject(files);
});

test('what is no file system is not read', () => {
  expect(readFat(new Uint8Array(4_096))).toBeUndefined();
  expect(readFat(new Uint8Array(0))).toBeUndefined();
});

// Read back by a second reader written from the specification's side; test/e2e/agent asks mtools, fsck.vfat and a real boot asks Linux.
import { expect, test } from 'vitest';
import { FAT_IMAGE_BYTES, FAT_IMAGE_ROOM, fatImage } from './fat-image.ts';

/** Follows what the bytes say: boot sector, root directory with long names, FAT chain. */
function readFat(image: Uint8Array): { label: string; files: Record<string, string> } {
  const view = new DataView(image.buffer);
  const word = (at: number) => view.getUint16(at, true);
  const sector = word(11);
  const clusterBytes = sector * image[13]!;
  const fatAt = word(14) * sector;
  const rootAt = fatAt + image[16]! * word(22) * sector;
  const dataAt = rootAt + word(17) * 32;
  const ascii = (at: number, length: number) => String.fromCharCode(...image.subarray(at, at + length));

  let label = '';
  let longName = '';
  const files: Record<string, string> = {};
  for (let at = rootAt; image[at] !== 0 && at < dataAt; at += 32) {
    if (image[at + 11] === 0x0f) {
      const characters = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30].map((offset) => word(at + offset));
      const end = characters.indexOf(0);
      longName = String.fromCharCode(...(end < 0 ? characters : characters.slice(0, end))) + longName;
      continue;
    }
    if (image[at + 11] === 0x08) {
      label = ascii(at, 11).trim();
      continue;
    }
    let content = '';
    for (let cluster = word(at + 26); cluster >= 2 && cluster < 0xfff8; cluster = word(fatAt + cluster * 2)) {
      content += ascii(dataAt + (cluster - 2) * clusterBytes, clusterBytes);
    }
    files[longName] = content.slice(0, view.getUint32(at + 28, true));
    longName = '';
  }
  return { label, files };
}

const seed = [
  { name: 'meta-data', content: 'instance-id: i-1\nlocal-hostname: node1\n' },
  { name: 'user-data', content: `#cloud-config\n${'# long\n'.repeat(5_000)}` },
  { name: 'network-config', content: 'version: 2\n' },
  { name: 'vendor-data', content: '' },
];

test('holds the files under their long names, and the label', () => {
  const { label, files } = readFat(fatImage('CIDATA', seed));
  expect(label).toBe('CIDATA');
  expect(files).toEqual(Object.fromEntries(seed.map(({ name, content }) => [name, content])));
});

test('is 4 MiB, a FAT16 by its number of clusters, with two equal FATs', () => {
  const image = fatImage('CIDATA', seed);
  expect(image.length).toBe(FAT_IMAGE_BYTES);
  expect(image.length).toBe(4 * 1024 * 1024);
  expect([...image.subarray(510, 512)]).toEqual([0x55, 0xaa]);
  expect(image.subarray(512, 33 * 512)).toEqual(image.subarray(33 * 512, 65 * 512));
});

test('equal files make equal bytes, other files another volume number', () => {
  expect(fatImage('CIDATA', seed)).toEqual(fatImage('CIDATA', seed));
  const other = fatImage('CIDATA', [{ name: 'meta-data', content: 'instance-id: i-2\n' }]);
  expect(other.subarray(39, 43)).not.toEqual(fatImage('CIDATA', seed).subarray(39, 43));
});

test('takes as much as there is room for, and not a byte more', () => {
  const full = new Uint8Array(FAT_IMAGE_ROOM).fill(0x61);
  expect(readFat(fatImage('CIDATA', [{ name: 'full', content: full }])).files['full']?.length).toBe(FAT_IMAGE_ROOM);
  const tooMuch = new Uint8Array(FAT_IMAGE_ROOM + 1);
  expect(() => fatImage('CIDATA', [{ name: 'full', content: tooMuch }])).toThrow(RangeError);
});

test.each(['', 'cidata', 'TOO LONG A LABEL', 'CI/DATA'])('%j is no label', (label) =>
  expect(() => fatImage(label, [])).toThrow(RangeError),
);
test.each(['', 'a/b', 'a\\b', 'ü', 'a'.repeat(256), 'dot.', '..'])('%j is no name', (name) =>
  expect(() => fatImage('CIDATA', [{ name, content: '' }])).toThrow(RangeError),
);
test('names that differ in case only are one name', () =>
  expect(() =>
    fatImage('CIDATA', [
      { name: 'A', content: '' },
      { name: 'a', content: '' },
    ]),
  ).toThrow(RangeError));

// Importing: real files in, frames that the zstd library gives back, and a store that says when they rot.
import { hash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { parseImageManifest } from '@rackwright/documents/image-manifest/image-manifest.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { imageStore } from './image-store.ts';
import { importImage } from './import-image.ts';

const MIB = 1024 * 1024;
const options = { name: 'test', partitions: { rootPartition: 2, seedPartition: 1 }, chunkBytes: MIB };
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'images-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function rawImage(): Buffer {
  // text and noise, a hole, and an end that is no whole mebibyte
  const raw = Buffer.concat([Buffer.alloc(MIB, 'rackwright'), Buffer.alloc(2 * MIB), randomBytes(MIB), Buffer.alloc(1000, 7)]);
  writeFileSync(join(dir, 'raw'), raw);
  return raw;
}

test('the chunks are the image, padded to a whole mebibyte; zeros are not stored', async () => {
  const raw = rawImage();
  const image = await importImage(join(dir, 'raw'), join(dir, 'store'), options);
  expect(image).toEqual({ digest: image.digest, name: 'test', sizeBytes: 5 * MIB, rootPartition: 2, seedPartition: 1 });
  const store = imageStore(join(dir, 'store'));
  expect(await store.list()).toEqual([image]);

  const text = readFileSync((await store.manifest(image.digest))!.path, 'utf8');
  expect(`sha256-${hash('sha256', text)}`).toBe(image.digest);
  const parsed = parseImageManifest(text);
  if (!parsed.ok) throw new Error(parsed.why);
  expect(parsed.value.chunks.map(({ kind }) => kind)).toEqual(['chunk', 'zero', 'zero', 'chunk', 'chunk']);

  const back: Buffer[] = [];
  for (const [n, chunk] of parsed.value.chunks.entries()) {
    const file = await store.chunk(image.digest, n);
    if (chunk.kind === 'zero') {
      expect(file).toBeUndefined();
      back.push(Buffer.alloc(MIB));
      continue;
    }
    const frame = readFileSync(file!.path);
    expect(hash('sha256', frame)).toBe(chunk.frameSha256);
    expect(frame.length).toBe(chunk.frameBytes);
    back.push(zstdDecompressSync(frame));
    expect(hash('sha256', back.at(-1)!)).toBe(chunk.rawSha256);
  }
  expect(Buffer.concat(back).equals(Buffer.concat([raw, Buffer.alloc(MIB - 1000)]))).toBe(true);
});

test('the same image twice is one image, and nothing is left over', async () => {
  rawImage();
  const first = await importImage(join(dir, 'raw'), join(dir, 'store'), options);
  const second = await importImage(join(dir, 'raw'), join(dir, 'store'), { ...options, name: 'again' });
  expect(second).toEqual(first);
  expect(readdirSync(join(dir, 'store'))).toEqual([first.digest]);
});

test('verify names what rotted', async () => {
  rawImage();
  const { digest } = await importImage(join(dir, 'raw'), join(dir, 'store'), options);
  const store = imageStore(join(dir, 'store'));
  expect(await store.verify(digest)).toEqual([]);
  writeFileSync((await store.chunk(digest, 0))!.path, 'rot');
  rmSync((await store.chunk(digest, 3))!.path);
  expect(await store.verify(digest)).toEqual(['chunk 0 has other bytes', 'chunk 3 is missing']);
});

test('importing again mends what rotted', async () => {
  rawImage();
  const { digest } = await importImage(join(dir, 'raw'), join(dir, 'store'), options);
  const store = imageStore(join(dir, 'store'));
  writeFileSync((await store.chunk(digest, 0))!.path, 'rot');
  rmSync((await store.chunk(digest, 3))!.path);
  await importImage(join(dir, 'raw'), join(dir, 'store'), options);
  expect(await store.verify(digest)).toEqual([]);
  expect(readdirSync(join(dir, 'store'))).toEqual([digest]);
});

test('deleted is gone, and a name that is no digest reaches no path', async () => {
  rawImage();
  const { digest } = await importImage(join(dir, 'raw'), join(dir, 'store'), options);
  const store = imageStore(join(dir, 'store'));
  await store.delete(digest);
  await store.delete(digest);
  expect(await store.get(digest)).toBeUndefined();
  expect(readdirSync(join(dir, 'store'))).toEqual([]);
  await expect(store.manifest('../../etc')).rejects.toMatchObject({ code: 'image_unknown' });
  await expect(store.verify(digest)).rejects.toMatchObject({ code: 'image_unknown' });
});

test('an image that does not say where its seed goes is refused, and leaves nothing', async () => {
  rawImage();
  const refused = importImage(join(dir, 'raw'), join(dir, 'store'), { name: 'test' });
  await expect(refused).rejects.toMatchObject({ code: 'image_unusable' });
  expect(readdirSync(join(dir, 'store'))).toEqual([]);
});

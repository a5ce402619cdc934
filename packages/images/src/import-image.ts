// Takes a raw disk image into the store: chunks, each a zstd frame of its own, and the manifest that the agent checks them against.
import { hash } from 'node:crypto';
import { mkdir, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { type ImageChunk, printImageManifest } from '@rackwright/documents/image-manifest/image-manifest.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { type StoredImage, storedImage, verifyImage } from './image-store.ts';
import { findPartitions, PARTITION_TABLE_BYTES, type ImagePartitions } from './partitions.ts';

const compress = promisify(zstdCompress);
const MIB = 1024 * 1024;
export const CHUNK_BYTES = 64 * MIB;
// Each takes two chunks of memory; more threads than the pool's four would only queue.
const AT_ONCE = 4;
// 1.5 s instead of 8 for 870 MB, and a tenth larger: images are imported while somebody waits.
const COMPRESSION_LEVEL = 3;

export type ImportOptions = {
  /** For people; the digest is the name that counts. */
  name: string;
  /** Where the image does not tell by itself (no GPT, no partition named "cidata"). */
  partitions?: ImagePartitions;
  /** Bytes per chunk, whole mebibytes; 64 MiB unless told. */
  chunkBytes?: number;
};

/**
 * The image is in the store afterwards, whole or not at all; importing it again gives the same digest, and mends what was
 * damaged in the store.
 * Refusal `image_unusable`: empty, or no partitions found and none given.
 */
export async function importImage(rawPath: string, storeDir: string, options: ImportOptions): Promise<StoredImage> {
  const chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
  if (chunkBytes <= 0 || chunkBytes % MIB !== 0) throw new RangeError('chunkBytes must be whole mebibytes');
  await mkdir(storeDir, { recursive: true });
  const work = await mkdtemp(join(storeDir, '.import-'));
  const raw = await open(rawPath);
  try {
    const { size } = await raw.stat();
    const partitions = options.partitions ?? (await partitionsOf(raw));
    if (size === 0 || !partitions) throw new Refusal('image_unusable', { image: options.name });

    // The agent writes whole mebibytes: the end is padded with zeros.
    const padded = Math.ceil(size / MIB) * MIB;
    const chunks = await eachAtOnce(Math.ceil(padded / chunkBytes), AT_ONCE, (n) =>
      importChunk(raw, work, n, Math.min(chunkBytes, padded - n * chunkBytes), n * chunkBytes),
    );
    const manifest = printImageManifest({ size: padded, chunkSize: chunkBytes, chunks });
    const digest = `sha256-${hash('sha256', manifest)}`;
    const image: StoredImage = { digest, name: options.name, sizeBytes: padded, ...partitions };
    await writeFile(join(work, 'manifest'), manifest);
    await writeFile(join(work, 'image.json'), JSON.stringify(image));
    return await publish(work, storeDir, image);
  } finally {
    await raw.close();
    await rm(work, { recursive: true, force: true });
  }
}

async function partitionsOf(raw: FileHandle): Promise<ImagePartitions | undefined> {
  const { buffer, bytesRead } = await raw.read(Buffer.alloc(PARTITION_TABLE_BYTES), 0, PARTITION_TABLE_BYTES, 0);
  return findPartitions(buffer.subarray(0, bytesRead));
}

async function importChunk(raw: FileHandle, folder: string, n: number, length: number, position: number): Promise<ImageChunk> {
  // zero-filled: what lies behind the end of the file stays so
  const chunk = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await raw.read(chunk, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  if (isZero(chunk)) return { kind: 'zero' };
  const frame = await compress(chunk, {
    params: { [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  await writeFile(join(folder, `${n}.zst`), frame);
  return { kind: 'chunk', frameSha256: hash('sha256', frame), frameBytes: frame.length, rawSha256: hash('sha256', chunk) };
}

const ZEROS = Buffer.alloc(MIB);

function isZero(chunk: Buffer): boolean {
  for (let at = 0; at < chunk.length; at += MIB) if (ZEROS.compare(chunk, at, at + MIB) !== 0) return false;
  return true;
}

async function publish(work: string, storeDir: string, image: StoredImage): Promise<StoredImage> {
  const place = join(storeDir, image.digest);
  try {
    await rename(work, place);
    return image;
  } catch (cause) {
    const present = await storedImage(storeDir, image.digest);
    if (!present) throw cause;
    // The same bytes were here already: those stay, with the name they have, unless they have rotted since.
    if ((await verifyImage(place, image.digest)).length === 0) return present;
    const damaged = `${work}.damaged`;
    await rename(place, damaged);
    await rename(work, place);
    await rm(damaged, { recursive: true, force: true });
    return image;
  }
}

/** Results in order, at most `limit` in work. */
async function eachAtOnce<T>(count: number, limit: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const results = Array.from<T>({ length: count });
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const n = next++;
      results[n] = await work(n);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
  return results;
}

// The images that servers are installed from, one folder each, named by the digest of their manifest.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ImageManifest, parseImageManifest } from '@rackwright/documents/image-manifest/image-manifest.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import { imageFolder } from './digests.ts';
import { ifThere } from './if-there.ts';

export type StoredImage = {
  digest: string;
  name: string;
  sizeBytes: number;
  rootPartition: number;
  seedPartition: number;
};

/** A file to send as it is. */
export type StoredFile = { path: string; sizeBytes: number };

export type ImageStore = {
  list(): Promise<StoredImage[]>;
  /** Fits the workflows' port `Images`. */
  get(digest: string): Promise<StoredImage | undefined>;
  /** Undefined when there is no such image. */
  manifest(digest: string): Promise<StoredFile | undefined>;
  /** The zstd frame; undefined when there is none, for example because that chunk is all zero. */
  chunk(digest: string, n: number): Promise<StoredFile | undefined>;
  /** Reads everything; what is wrong, in words. Empty means sound. Refusal `image_unknown`. */
  verify(digest: string): Promise<string[]>;
  /** Gone afterwards. A transfer that runs ends well: its file is open. */
  delete(digest: string): Promise<void>;
};

/** `dir` is made when it is not there. */
export function imageStore(dir: string): ImageStore {
  const file = async (digest: string, name: string): Promise<StoredFile | undefined> => {
    const path = join(dir, imageFolder(digest), name);
    const found = await ifThere(stat(path));
    return found?.isFile() ? { path, sizeBytes: found.size } : undefined;
  };
  return {
    async list() {
      const names = await readdir(dir).catch(() => []);
      const images = await Promise.all(names.filter((name) => name.startsWith('sha256-')).map((name) => storedImage(dir, name)));
      return images.filter((image) => image !== undefined);
    },
    get: (digest) => storedImage(dir, imageFolder(digest)),
    manifest: (digest) => file(digest, 'manifest'),
    chunk: async (digest, n) => (Number.isSafeInteger(n) && n >= 0 ? file(digest, `${n}.zst`) : undefined),
    verify: (digest) => verifyImage(join(dir, imageFolder(digest)), digest),
    async delete(digest) {
      // Away from its name first: nobody may find half an image.
      const grave = join(dir, `.deleted-${imageFolder(digest)}`);
      await mkdir(dir, { recursive: true });
      await rename(join(dir, digest), grave).catch(() => undefined);
      await rm(grave, { recursive: true, force: true });
    },
  };
}

export async function storedImage(dir: string, digest: string): Promise<StoredImage | undefined> {
  const text = await ifThere(readFile(join(dir, digest, 'image.json'), 'utf8'));
  return text === undefined ? undefined : (JSON.parse(text) as StoredImage);
}

/** What is wrong with the image in this folder, in words. Refusal `image_unknown`. */
export async function verifyImage(folder: string, digest: string): Promise<string[]> {
  const text = await readFile(join(folder, 'manifest'), 'utf8').catch(() => undefined);
  if (text === undefined) throw new Refusal('image_unknown', { digest });
  if (`sha256-${createHash('sha256').update(text).digest('hex')}` !== digest) return ['the manifest does not have its digest'];
  const parsed = parseImageManifest(text);
  return parsed.ok ? wrongChunks(folder, parsed.value) : [`the manifest: ${parsed.why}`];
}

async function wrongChunks(folder: string, { chunks }: ImageManifest): Promise<string[]> {
  const wrong: string[] = [];
  // One after the other: verifying is no reason to slow an installation down.
  for (const [n, chunk] of chunks.entries()) {
    if (chunk.kind === 'zero') continue;
    const found = await sha256OfFile(join(folder, `${n}.zst`)).catch(() => undefined);
    if (found === undefined) wrong.push(`chunk ${n} is missing`);
    else if (found !== chunk.frameSha256) wrong.push(`chunk ${n} has other bytes`);
  }
  return wrong;
}

export async function sha256OfFile(path: string): Promise<string> {
  const sum = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), sum);
  return sum.digest('hex');
}

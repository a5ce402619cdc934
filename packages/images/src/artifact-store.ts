// Files that nodes fetch at first boot and check (kubelet, kubeadm, …): by name, each with its SHA-256.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Refusal } from '@rackwright/domain/errors.ts';
import { artifactPath } from './digests.ts';
import { ifThere } from './if-there.ts';

export type Artifact = { name: string; sizeBytes: number; sha256: string; path: string };

export type ArtifactStore = {
  /**
   * There afterwards, whole or not at all; replaces an artifact of that name. `name`: `kubernetes/v1.20.2/kubelet`.
   * Refusal `checksum_mismatch` when `expectedSha256` is given and the bytes are others.
   */
  put(name: string, content: Readable, expectedSha256?: string): Promise<Artifact>;
  stat(name: string): Promise<Artifact | undefined>;
  /** Refusal `artifact_unknown`. */
  stream(name: string): Promise<Readable>;
  list(): Promise<Artifact[]>;
  delete(name: string): Promise<void>;
};

// An artifact is a folder, so that its bytes and its checksum change in one rename.
const CONTENT = 'content';
const CHECKSUM = 'sha256';

export function artifactStore(dir: string): ArtifactStore {
  // The ending tells an artifact from a folder of artifacts; no word of a name may have it.
  const place = (name: string) => join(dir, `${artifactPath(name)}.artifact`);

  const find = async (name: string): Promise<Artifact | undefined> => {
    const path = join(place(name), CONTENT);
    const found = await ifThere(stat(path));
    if (!found) return undefined;
    return { name, sizeBytes: found.size, sha256: (await readFile(join(place(name), CHECKSUM), 'utf8')).trim(), path };
  };

  const put: ArtifactStore['put'] = async (name, content, expectedSha256) => {
    const to = place(name);
    await mkdir(dirname(to), { recursive: true });
    const work = await mkdtemp(join(dir, '.put-'));
    try {
      const sum = createHash('sha256');
      const counted = async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          sum.update(piece);
          yield piece;
        }
      };
      await pipeline(content, counted, createWriteStream(join(work, CONTENT)));
      const sha256 = sum.digest('hex');
      if (expectedSha256 !== undefined && expectedSha256 !== sha256) throw new Refusal('checksum_mismatch', { artifact: name });
      await writeFile(join(work, CHECKSUM), `${sha256}\n`);
      await replaceFolder(work, to, `${work}.old`);
      const stored = await find(name);
      if (!stored) throw new Error(`artifact ${name} vanished while it was stored`);
      return stored;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  };

  return {
    put,
    stat: find,
    async stream(name) {
      const artifact = await find(name);
      if (!artifact) throw new Refusal('artifact_unknown', { name });
      return createReadStream(artifact.path);
    },
    async list() {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
      const names = entries
        .filter((entry) => entry.isDirectory() && entry.name.endsWith('.artifact'))
        .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replace(/\.artifact$/, ''));
      const artifacts = await Promise.all(names.sort().map(find));
      return artifacts.filter((artifact) => artifact !== undefined);
    },
    async delete(name) {
      await rm(place(name), { recursive: true, force: true });
    },
  };
}

/** rename(2) does not replace a folder that holds something: the old one steps aside first. */
async function replaceFolder(from: string, to: string, aside: string): Promise<void> {
  await rename(to, aside).catch(() => undefined);
  await rename(from, to);
  await rm(aside, { recursive: true, force: true });
}

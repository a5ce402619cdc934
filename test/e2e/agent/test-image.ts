// A small disk image with what a real one has: a partition table, noise, holes, a seed partition, a root partition that can grow.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

export const MIB = 1024 * 1024;
export const IMAGE_MIB = 41;
export const CHUNK_MIB = 8;
const SEED_AT_MIB = 2;

/** Chunk 0 and 2 hold data, 1, 3 and 4 are zero, 5 is a short one with the spare partition table. */
export function makeTestImage(path: string): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, IMAGE_MIB * MIB);
  closeSync(file);
  const table = `label: gpt
1: start=2048, size=2048, name=esp
2: start=${SEED_AT_MIB * 2048}, size=8192, name=cidata
3: start=${8 * 2048}, size=${32 * 2048}, name=rw-root
`;
  execFileSync('sfdisk', ['-q', path], { input: table, env: { ...process.env, PATH: `${process.env['PATH']}:/sbin:/usr/sbin` } });
  const again = openSync(path, 'r+');
  writeSync(again, randomBytes(MIB), 0, MIB, MIB);
  writeSync(again, randomBytes(3 * MIB), 0, 3 * MIB, 2 * CHUNK_MIB * MIB + MIB);
  closeSync(again);
}

export const seedOffset = SEED_AT_MIB * MIB;

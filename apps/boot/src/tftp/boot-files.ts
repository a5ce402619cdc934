// The boot loaders that TFTP and HTTP Boot hand out: read once, kept in memory, found by name only.
import { readFile, stat } from 'node:fs/promises';
import { Fault } from '@rackwright/domain/errors.ts';
import type { ResolveTftpFile } from './running-reads.ts';

/** Boot loaders are about 1 MB; a kernel belongs on HTTP. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/**
 * @param paths  name on the wire → file on this machine. Nothing else can be had: names from the network never become paths.
 * Throws Fault boot_file_unreadable.
 */
export async function readBootFiles(paths: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, path] of Object.entries(paths)) files.set(name, await readBootFile(path));
  return files;
}

export function resolveFrom(files: ReadonlyMap<string, Uint8Array>): ResolveTftpFile {
  return (name) => files.get(name);
}

async function readBootFile(path: string): Promise<Uint8Array> {
  const doing = `read the boot file ${path}`;
  try {
    const { size } = await stat(path);
    if (size > LARGEST_BYTES) throw new RangeError(`${size} bytes, more than ${LARGEST_BYTES}`);
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new Fault({ code: 'boot_file_unreadable', doing, retry: 'never', cause });
  }
}

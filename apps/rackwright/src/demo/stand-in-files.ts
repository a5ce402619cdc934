// What simulated servers are fed where nothing real is wanted: loaders, kernel, image and kubelet that only a simulated machine can run.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';

const MIB = 1024 * 1024;
const LOADERS = ['ipxe.efi', 'snponly.efi', 'undionly.kpxe'];

/** The same configuration with stand-ins where it names nothing real. */
export async function withStandIns(config: Config): Promise<Config> {
  const { ipxeDir, agentDir } = await standInFolders(config.dataDir);
  const { boot } = config;
  return { ...config, boot: { ...boot, ipxeDir: boot.ipxeDir ?? ipxeDir, agentDir: boot.agentDir ?? agentDir } };
}

/** Written anew at each start: small, and what this version wants. */
export async function standInFolders(dataDir: string): Promise<{ ipxeDir: string; agentDir: string }> {
  const ipxeDir = join(dataDir, 'stand-ins', 'ipxe');
  const agentDir = join(dataDir, 'stand-ins', 'agent');
  await mkdir(ipxeDir, { recursive: true });
  await mkdir(agentDir, { recursive: true });
  for (const name of LOADERS) await writeFile(join(ipxeDir, name), noise(name, 64 * 1024));
  await writeFile(join(agentDir, 'vmlinuz'), noise('vmlinuz', 256 * 1024));
  await writeFile(join(agentDir, 'initrd.zst'), noise('initrd', 256 * 1024));
  return { ipxeDir, agentDir };
}

/** A disk image of 8 MiB: some of it data, some of it nothing, as in a real one. @param system  another one, another image */
export function standInImage(system = 'root'): Uint8Array {
  const image = new Uint8Array(8 * MIB);
  image.set(noise('boot', 64 * 1024), 0);
  image.set(noise(system, MIB), 4 * MIB);
  return image;
}

export function standInKubelet(): Uint8Array {
  return noise('kubelet', 32 * 1024);
}

/** The same bytes for the same seed, on every machine. */
function noise(seed: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0, n = 0; at < length; at += 32, n++) {
    bytes.set(
      createHash('sha256')
        .update(`${seed} ${n}`)
        .digest()
        .subarray(0, Math.min(32, length - at)),
      at,
    );
  }
  return bytes;
}

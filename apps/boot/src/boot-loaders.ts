// Which boot loaders and agent files this machine has, by the names that the network knows them by.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@rackwright/domain/errors.ts';
import type { ServedFile } from './http/needs.ts';

/** Debian's `ipxe` package puts them here. */
const DEBIAN_IPXE = '/usr/lib/ipxe';
const LOADERS = ['ipxe.efi', 'snponly.efi', 'undionly.kpxe'];
const AGENT = { 'agent.kernel': 'vmlinuz', 'agent.img': 'initrd.zst' };

/** Name on the wire -> file. Fault `boot_file_unreadable` names the folder that lacks one. */
export function bootLoaders(ipxeDir: string | undefined): Record<string, string> {
  const folder = ipxeDir ?? DEBIAN_IPXE;
  return Object.fromEntries(LOADERS.map((name) => [name, mustExist(join(folder, name))]));
}

export function agentFiles(agentDir: string): Record<string, string> {
  return Object.fromEntries(Object.entries(AGENT).map(([name, file]) => [name, mustExist(join(agentDir, file))]));
}

export function servedFiles(paths: Record<string, string>): (name: string) => ServedFile | undefined {
  return (name) => {
    const path = Object.hasOwn(paths, name) ? paths[name] : undefined;
    return path === undefined ? undefined : { path, contentType: 'application/octet-stream' };
  };
}

function mustExist(path: string): string {
  if (existsSync(path)) return path;
  throw new Fault({ code: 'boot_file_unreadable', doing: `find the boot file ${path}`, retry: 'never' });
}

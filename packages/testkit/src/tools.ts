// Which outside programs this machine has, so that a test without its program is left out in plain sight and never silently.
import { accessSync, appendFileSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program (or file, when it begins with a slash) and the Debian package it comes from. */
const TOOLS = {
  udhcpc: ['udhcpc', 'udhcpc'],
  dhclient: ['dhclient', 'isc-dhcp-client'],
  atftp: ['atftp', 'atftp'],
  tftp: ['tftp', 'tftp-hpa'],
  curl: ['curl', 'curl'],
  ip: ['ip', 'iproute2'],
  nsenter: ['nsenter', 'util-linux'],
  tcpdump: ['tcpdump', 'tcpdump'],
  ipmitool: ['ipmitool', 'ipmitool'],
  ipmi_sim: ['ipmi_sim', 'openipmi'],
  python3: ['python3', 'python3'],
  'python3-sushy': ['/usr/lib/python3/dist-packages/sushy', 'python3-sushy'],
  redfishtool: ['redfishtool', 'redfishtool'],
  'qemu-system-x86_64': ['qemu-system-x86_64', 'qemu-system-x86'],
  'qemu-img': ['qemu-img', 'qemu-utils'],
  ovmf: ['/usr/share/OVMF/OVMF_CODE_4M.fd', 'ovmf'],
  ipxe: ['/usr/lib/ipxe/undionly.kpxe', 'ipxe'],
  'redis-server': ['redis-server', 'redis-server'],
  chromium: ['chromium', 'chromium'],
  mmdebstrap: ['mmdebstrap', 'mmdebstrap'],
  mtools: ['mcopy', 'mtools'],
  mksquashfs: ['mksquashfs', 'squashfs-tools'],
  busybox: ['busybox', 'busybox-static'],
  zstd: ['zstd', 'zstd'],
  cc: ['cc', 'gcc libc6-dev'],
  etcd: ['etcd', 'etcd-server'],
  openssl: ['openssl', 'openssl'],
  go: ['/usr/lib/go-1.19/bin/go', 'golang-1.19-go'],
} as const satisfies Record<string, readonly [program: string, debianPackage: string]>;

export type Tool = keyof typeof TOOLS;
export type Need = { present: boolean; tool: Tool; install: string };

/** Is the tool here, and the command that brings it. */
export function need(tool: Tool): Need {
  const [program, debianPackage] = TOOLS[tool];
  return { present: find(program) !== undefined, tool, install: `apt-get install ${debianPackage}` };
}

/** The part of vitest's test context that this file uses. */
type Skippable = { skip: (note?: string) => unknown };

/** Ends the running test as skipped when a tool is missing, and says so: call it first in the test. */
export function needOrSkip(ctx: Skippable, what: string, ...tools: Tool[]): void {
  const missing = tools.map(need).find(({ present }) => !present);
  if (missing === undefined) return;
  leaveOut(what, `${missing.tool}: ${missing.install}`);
  ctx.skip(`needs ${missing.tool}: ${missing.install}`);
}

/** One line on stdout, and in the file named by RACKWRIGHT_LEFT_OUT, for what is not tested on this machine. */
export function leaveOut(what: string, needs: string): void {
  const line = `left out: ${what} (needs ${needs})\n`;
  process.stdout.write(line);
  const record = process.env['RACKWRIGHT_LEFT_OUT'];
  if (record) appendFileSync(record, line);
}

/** The same as `needOrSkip` for what no package brings: being root, /dev/net/tun, a free loop device. */
export function needThatOrSkip(ctx: Skippable, what: string, present: boolean, needs: string): void {
  if (present) return;
  leaveOut(what, needs);
  ctx.skip(`needs ${needs}`);
}

function find(program: string): string | undefined {
  if (program.startsWith('/')) return existsSync(program) ? program : undefined;
  // Servers' programs stand in sbin, which a plain user's PATH lacks.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find(runnable);
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Real firmware boots from our servers: SeaBIOS and OVMF in QEMU, by PXE, by HTTP Boot, and beside another DHCP server.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BootNetwork, DEFAULT_BOOT_FILES } from '@rackwright/boot-app/boot-network.ts';
import { type PrivateNetwork, privateNetwork } from '@rackwright/testkit/network/private-network.ts';
import { mustRun } from '@rackwright/testkit/run-program.ts';
import { needOrSkip, needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { afterEach, type TestContext, test } from 'vitest';
import { type BootServerProcess, startBootServer } from './boot-server.ts';

const MAC = '52:54:00:77:01:01';
/** Three times what an idle machine takes under emulation. */
const PATIENCE_MS = 120_000;

const provisioning: BootNetwork = {
  networkId: 'net_1',
  mode: 'authoritative',
  subnet: '10.77.0.0/24',
  serverAddress: '10.77.0.1',
  dnsServers: [],
  ntpServers: [],
  leaseSeconds: 600,
  unknownServers: 'ignore',
  bootUrl: 'http://10.77.0.1:8081',
  bootFiles: DEFAULT_BOOT_FILES,
};

type Line = Record<string, unknown>;
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function needs(ctx: TestContext): void {
  const what = `firmware: ${ctx.task.name}`;
  needOrSkip(ctx, what, 'ip', 'qemu-system-x86_64', 'ovmf', 'ipxe', 'busybox');
  needThatOrSkip(ctx, what, process.getuid?.() === 0 && existsSync('/dev/net/tun'), 'root and /dev/net/tun, to make networks');
}

async function start(mode: BootNetwork['mode']): Promise<{ network: PrivateNetwork; server: BootServerProcess; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'rackwright-firmware-'));
  closing.push(() => rm(folder, { recursive: true }));
  const network = await privateNetwork({ address: '10.77.0.1/24', machines: 1 });
  closing.push(() => network.close());
  await network.addTap('tap0');
  const server = startBootServer(network.server);
  closing.push(() => server.close());
  const subject = {
    serverId: 'srv_1',
    name: 'r1-u01',
    mac: MAC,
    bootIntent: 'agent',
    firmwareMode: 'unknown',
    ticketExpiresAt: Date.now() + 3_600_000,
  } as const;
  await server.order({
    networks: [{ ...provisioning, mode }],
    localNetworkId: 'net_1',
    entries: [{ mac: MAC, address: '10.77.0.50', hostname: 'r1-u01', subject }],
    files: {},
    paths: { 'ipxe.efi': '/usr/lib/ipxe/ipxe.efi', 'undionly.kpxe': '/usr/lib/ipxe/undionly.kpxe' },
  });
  return { network, server, folder };
}

/** Under emulation always: a machine may offer /dev/kvm and then hang in it. */
async function powerOn(network: PrivateNetwork, folder: string, firmware: 'bios' | 'uefi-pxe' | 'uefi-http'): Promise<void> {
  const nic = `virtio-net-pci,netdev=n0,mac=${MAC},bootindex=0`;
  const args = ['-accel', 'tcg', '-m', '512', '-cpu', 'max,la57=off', '-nodefaults', '-no-user-config', '-display', 'none'];
  args.push('-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no', '-device', 'virtio-rng-pci');
  if (firmware === 'bios') args.push('-device', nic);
  else {
    const variables = join(folder, 'variables.fd');
    await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
    // An empty romfile takes iPXE out of the NIC, so that it is the firmware's own client that asks.
    args.push('-machine', 'q35', '-device', `${nic},romfile=`);
    args.push('-drive', 'if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd');
    args.push('-drive', `if=pflash,format=raw,unit=1,file=${variables}`);
    args.push('-fw_cfg', 'name=opt/org.tianocore/IPv6PXESupport,string=n');
    if (firmware === 'uefi-http') args.push('-fw_cfg', 'name=opt/org.tianocore/IPv4PXESupport,string=n');
  }
  const [program = '', ...before] = network.server;
  const machine = spawn(program, [...before, 'qemu-system-x86_64', ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => machine.once('close', resolve));
  closing.push(() => {
    machine.kill('SIGKILL');
    return ended;
  });
}

/** Another's DHCP server, on the machine that is plugged in. */
async function startOtherServer(network: PrivateNetwork, folder: string): Promise<void> {
  const other = network.machines[0];
  if (!other) throw new Error('no machine');
  await mustRun([...other.inside, 'ip', 'address', 'add', '10.77.0.2/24', 'dev', other.device]);
  const file = join(folder, 'udhcpd.conf');
  const lines = [
    'start 10.77.0.150',
    'end 10.77.0.160',
    `interface ${other.device}`,
    `lease_file ${join(folder, 'leases')}`,
    'option subnet 255.255.255.0',
    `pidfile ${join(folder, 'pid')}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'leases'), '');
  const [program, ...args] = [...other.inside, 'busybox', 'udhcpd', '-f', file];
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const ended = new Promise((resolve) => server.once('close', resolve));
  closing.push(() => {
    server.kill();
    return ended;
  });
}

// iPXE writes the colons of the MAC as %3A.
const fetchedScript = (architecture: string) => (line: Line) =>
  decodeURIComponent(String(line['url'])) === `/boot/script.ipxe?mac=${MAC}&architecture=${architecture}` &&
  String(line['agent']).startsWith('iPXE/');
const fetchedLoader = (line: Line) => line['file'] === 'ipxe.efi' && line['outcome'] === 'complete';
const probedSize = (line: Line) => line['file'] === 'ipxe.efi' && line['outcome'] === 'probed';

test('BIOS, iPXE in its NIC: straight to the script', async (ctx) => {
  needs(ctx);
  const { network, server, folder } = await start('authoritative');
  await powerOn(network, folder, 'bios');
  await server.saying(fetchedScript('bios_x86'), PATIENCE_MS);
});

test('UEFI, PXE: loader by TFTP, then the script', async (ctx) => {
  needs(ctx);
  const { network, server, folder } = await start('authoritative');
  await powerOn(network, folder, 'uefi-pxe');
  await server.saying(probedSize, PATIENCE_MS);
  await server.saying(fetchedLoader, PATIENCE_MS);
  await server.saying(fetchedScript('uefi_x64'), PATIENCE_MS);
});

test('UEFI, HTTP Boot: loader by HTTP, then the script', async (ctx) => {
  needs(ctx);
  const { network, server, folder } = await start('authoritative');
  await powerOn(network, folder, 'uefi-http');
  await server.saying(
    (line) => line['url'] === '/boot/ipxe.efi' && String(line['agent']).startsWith('UefiHttpBoot/'),
    PATIENCE_MS,
  );
  await server.saying(fetchedScript('uefi_x64'), PATIENCE_MS);
});

test("UEFI beside another's DHCP server: address from there, loader and script from us", async (ctx) => {
  needs(ctx);
  const { network, server, folder } = await start('proxy');
  await startOtherServer(network, folder);
  await powerOn(network, folder, 'uefi-pxe');
  const loaded = await server.saying(fetchedLoader, PATIENCE_MS);
  ctx.expect(loaded['address']).toMatch(/^10\.77\.0\.1(5\d|60)$/);
  await server.saying(fetchedScript('uefi_x64'), PATIENCE_MS);
});

test("BIOS beside another's DHCP server: script from us", async (ctx) => {
  needs(ctx);
  const { network, server, folder } = await start('proxy');
  await startOtherServer(network, folder);
  await powerOn(network, folder, 'bios');
  await server.saying(fetchedScript('bios_x86'), PATIENCE_MS);
});

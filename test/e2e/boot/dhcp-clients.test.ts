// Debian's DHCP clients get what the index says from our server, over real broadcasts in a private network.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootEntry } from '@rackwright/boot-app/boot-index.ts';
import { type BootNetwork, DEFAULT_BOOT_FILES } from '@rackwright/boot-app/boot-network.ts';
import { type PrivateMachine, type PrivateNetwork, privateNetwork } from '@rackwright/testkit/network/private-network.ts';
import { mustRun, runProgram } from '@rackwright/testkit/run-program.ts';
import { need, needOrSkip, needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { type BootServerProcess, boundToDevice, startBootServer } from './boot-server.ts';

const canMakeNetworks = need('ip').present && process.getuid?.() === 0;
const FILE = 'from the private network\n'.repeat(300);

const provisioning: BootNetwork = {
  networkId: 'net_1',
  mode: 'pool',
  subnet: '10.77.0.0/24',
  serverAddress: '10.77.0.1',
  router: '10.77.0.254',
  dnsServers: ['10.77.0.2'],
  domain: 'rack.example',
  ntpServers: ['10.77.0.3'],
  pool: { first: '10.77.0.200', last: '10.77.0.210' },
  leaseSeconds: 600,
  unknownServers: 'discover',
  bootUrl: 'http://10.77.0.1:8081',
  bootFiles: DEFAULT_BOOT_FILES,
};

let network: PrivateNetwork;
let server: BootServerProcess;
let folder: string;

beforeAll(async () => {
  if (!canMakeNetworks) return;
  folder = await mkdtemp(join(tmpdir(), 'rackwright-dhcp-'));
  network = await privateNetwork({ address: '10.77.0.1/24', machines: 2 });
  server = startBootServer(network.server);
});

afterAll(async () => {
  await server?.close();
  await network?.close();
  if (folder) await rm(folder, { recursive: true });
});

function needs(ctx: TestContext, ...tools: Parameters<typeof need>[0][]): void {
  needOrSkip(ctx, `DHCP: ${ctx.task.name}`, 'ip', ...tools);
  needThatOrSkip(ctx, `DHCP: ${ctx.task.name}`, canMakeNetworks, 'root, to make network namespaces');
}

function machine(n: 0 | 1): PrivateMachine {
  const found = network.machines[n];
  if (!found) throw new Error('no such machine');
  return found;
}

function reserve(mac: string, address: string, bootIntent: 'agent' | 'none' = 'agent'): BootEntry {
  const subject = {
    serverId: 'srv_1',
    name: 'r1-u01',
    mac,
    bootIntent,
    firmwareMode: 'unknown',
    ticketExpiresAt: Date.now() + 3_600_000,
  } as const;
  return { mac, address, hostname: 'r1-u01', subject };
}

function order(entries: BootEntry[], changes: Partial<BootNetwork> = {}): Promise<void> {
  return server.order({
    networks: [{ ...provisioning, ...changes }],
    localNetworkId: 'net_1',
    entries,
    files: { 'ipxe.efi': FILE },
  });
}

/** What udhcpc tells its script; undefined when it got no lease. */
async function udhcpc({ inside, device }: PrivateMachine, ...more: string[]): Promise<Record<string, string> | undefined> {
  const script = join(folder, 'script');
  const told = join(folder, `told-${Math.random()}`);
  await writeFile(script, `#!/bin/sh\n[ "$1" = bound ] && env > ${told}\nexit 0\n`);
  await chmod(script, 0o755);
  const command = [...inside, 'udhcpc', '-i', device, '-f', '-n', '-q', '-t', '3', '-T', '1', '-s', script, ...more];
  const { code } = await runProgram(command, { limitMs: 20_000 });
  if (code !== 0) return undefined;
  const lines = (await readFile(told, 'utf8')).split('\n').map((line) => line.split('=', 2));
  return Object.fromEntries(lines);
}

const PXE = ['-V', 'PXEClient:Arch:00007:UNDI:003000', '-x', '0x5d:0007', '-x', '0x5e:010300', '-O', 'bootfile', '-O', 'tftp'];

describe('udhcpc', () => {
  test('gets its reservation and the network parameters', async (ctx) => {
    needs(ctx, 'udhcpc');
    await order([reserve(machine(0).mac, '10.77.0.50')]);
    expect(await udhcpc(machine(0), '-O', 'ntpsrv')).toMatchObject({
      ip: '10.77.0.50',
      mask: '24',
      router: '10.77.0.254',
      dns: '10.77.0.2',
      domain: 'rack.example',
      ntpsrv: '10.77.0.3',
      hostname: 'r1-u01',
      lease: '600',
      serverid: '10.77.0.1',
    });
  });

  test('gets the same address under another client id, as the installed system would', async (ctx) => {
    needs(ctx, 'udhcpc');
    await order([reserve(machine(0).mac, '10.77.0.50')]);
    expect(await udhcpc(machine(0), '-C', '-x', '0x3d:ff00112233445566778899aabbccddeeff')).toMatchObject({ ip: '10.77.0.50' });
  });

  test('as firmware is told which loader to fetch and where', async (ctx) => {
    needs(ctx, 'udhcpc');
    await order([reserve(machine(0).mac, '10.77.0.50')]);
    expect(await udhcpc(machine(0), ...PXE)).toMatchObject({
      ip: '10.77.0.50',
      siaddr: '10.77.0.1',
      boot_file: 'ipxe.efi',
      bootfile: 'ipxe.efi',
      tftp: '10.77.0.1',
    });
    await server.saying(
      (line) => line['kind'] === 'boot_requested' && line['stage'] === 'firmware_pxe' && line['serverId'] === 'srv_1',
    );
  });

  test('as firmware without a boot ticket hears nothing', async (ctx) => {
    needs(ctx, 'udhcpc');
    await order([reserve(machine(0).mac, '10.77.0.50', 'none')]);
    expect(await udhcpc(machine(0), ...PXE)).toBeUndefined();
  });

  test('as a stranger gets an address of the pool, and we are told of it', async (ctx) => {
    needs(ctx, 'udhcpc');
    await order([reserve(machine(0).mac, '10.77.0.50')]);
    expect((await udhcpc(machine(1)))?.['ip']).toMatch(/^10\.77\.0\.2(0\d|10)$/);
    const event = await server.saying((line) => line['kind'] === 'unknown_server_seen');
    expect(event).toMatchObject({ mac: machine(1).mac, networkId: 'net_1' });
  });

  test('as a stranger on an authoritative network gets nothing', async (ctx) => {
    needs(ctx, 'udhcpc');
    await order([reserve(machine(0).mac, '10.77.0.50')], { mode: 'authoritative' });
    expect(await udhcpc(machine(1))).toBeUndefined();
  });
});

describe('dhclient', () => {
  /** Its log up to the line that says it is bound. It would go on for ever, renewing, so then it is stopped. */
  async function dhclient({ inside, device }: PrivateMachine): Promise<string> {
    const files = ['-lf', join(folder, 'dhclient.leases'), '-pf', join(folder, 'dhclient.pid')];
    const [program, ...args] = [...inside, 'dhclient', '-4', '-1', '-d', '-v', '-sf', '/bin/true', ...files, device];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const limit = setTimeout(() => child.kill('SIGKILL'), 25_000);
    let log = '';
    child.stderr.on('data', (part) => {
      log += part;
      if (log.includes('bound to')) child.kill();
    });
    await new Promise((resolve) => child.once('close', resolve));
    clearTimeout(limit);
    return log;
  }

  test('gets its reservation, and after a move is refused the old address before it takes the new one', async (ctx) => {
    needs(ctx, 'dhclient');
    await order([reserve(machine(0).mac, '10.77.0.60')]);
    expect(await dhclient(machine(0))).toContain('bound to 10.77.0.60');
    // It remembers its lease and asks for that very address (INIT-REBOOT).
    expect(await dhclient(machine(0))).toMatch(/DHCPREQUEST for 10.77.0.60[^]*DHCPACK of 10.77.0.60[^]*bound to 10.77.0.60/);
    await order([reserve(machine(0).mac, '10.77.0.61')]);
    expect(await dhclient(machine(0))).toMatch(/DHCPREQUEST for 10.77.0.60[^]*DHCPNAK[^]*DHCPDISCOVER[^]*bound to 10.77.0.61/);
  });
});

describe('sockets that were bound to a device for us', () => {
  test('serve that device alone', async (ctx) => {
    needs(ctx, 'udhcpc', 'python3');
    const here = await privateNetwork({ address: '10.77.0.1/24', machines: 1 });
    const bound = startBootServer([...here.server, ...boundToDevice('br0')]);
    try {
      const [client] = here.machines;
      if (!client) throw new Error('no machine');
      // A second way out, and the better one for broadcasts if it were left to the routes.
      await mustRun([...here.server, 'ip', 'route', 'add', '255.255.255.255/32', 'dev', 'lo']);
      await bound.order({
        networks: [provisioning],
        localNetworkId: 'net_1',
        entries: [reserve(client.mac, '10.77.0.70')],
        files: {},
        sockets: { fd: 3, proxyFd: 4 },
      });
      expect(await udhcpc(client)).toMatchObject({ ip: '10.77.0.70' });
    } finally {
      await bound.close();
      await here.close();
    }
  });
});

describe('TFTP over the same network', () => {
  test('curl fetches the loader that DHCP named', async (ctx) => {
    needs(ctx, 'udhcpc', 'curl');
    await order([reserve(machine(0).mac, '10.77.0.50')]);
    const { inside, device } = machine(0);
    await runProgram([...inside, 'ip', 'address', 'replace', '10.77.0.50/24', 'dev', device], { limitMs: 5_000 });
    const { stdout } = await runProgram([...inside, 'curl', '-sS', '-m', '20', 'tftp://10.77.0.1/ipxe.efi'], { limitMs: 25_000 });
    expect(stdout).toBe(FILE);
    await server.saying((line) => line['file'] === 'ipxe.efi' && line['outcome'] === 'complete' && line['bytes'] === FILE.length);
  });
});

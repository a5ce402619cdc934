// One QEMU server that boots the install agent's ramdisk directly, with DHCP and a stand-in for the boot app: seconds instead of a minute.
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { QemuDisk } from '@rackwright/virtual-rack-app/qemu/qemu-arguments.ts';
import { qemuChassis, type QemuChassis } from '@rackwright/virtual-rack-app/qemu/qemu-chassis.ts';
import { rackNetwork } from '@rackwright/virtual-rack-app/qemu/rack-network.ts';
import type { Order, Report } from './boot-app-stand-in.ts';

const PORT = 8081;
export const TOKEN = 'agent-test-token';
const repository = join(import.meta.dirname, '../../..');

export type AgentRequest = Extract<Report, { report: 'request' }>;

export type AgentRack = {
  folder: string;
  machine: QemuChassis;
  requests: AgentRequest[];
  tell(order: Order): void;
  /** The first request from number `from` on that fits; waits for it. */
  request(fits: (request: AgentRequest) => boolean, from?: number, limitMs?: number): Promise<AgentRequest>;
  /** Gives an instruction and waits for its result. */
  instruct(id: string, lines: string[], limitMs?: number): Promise<Record<string, unknown>>;
  inside(program: string, ...args: string[]): Promise<void>;
  close(): Promise<void>;
};

/** Building the ramdisk takes half a minute the first time, the one for real hardware some more. */
export async function buildRamdisk(flavour: 'cloud' | 'generic' = 'cloud'): Promise<string> {
  const script = join(repository, 'packages/install-agent/build-ramdisk.sh');
  const { stdout } = await promisify(execFile)(script, { timeout: 280_000, env: { ...process.env, KERNEL_FLAVOUR: flavour } });
  return stdout.trim();
}

export async function agentRack(
  ramdisk: string,
  disksIn: (folder: string) => QemuDisk[],
  size: { memoryMiB: number; cpus: number; nic?: 'virtio' | 'e1000e' } = { memoryMiB: 512, cpus: 1 },
): Promise<AgentRack> {
  const folder = await mkdtemp(join(tmpdir(), 'rwagent-'));
  const network = await rackNetwork(`rwagent${process.pid}`);
  const children: ChildProcess[] = [await dhcpServer(folder, network.inside)];
  const [program, ...before] = network.inside(process.execPath);
  const standIn = fork(join(import.meta.dirname, 'boot-app-stand-in.ts'), [network.address, String(PORT), TOKEN], {
    execPath: program,
    execArgv: before,
  });
  children.push(standIn);

  const requests: AgentRequest[] = [];
  let changed: () => void = () => {};
  const listening = new Promise<void>((resolve) => {
    standIn.on('message', (report: Report) => {
      if (report.report === 'listening') resolve();
      else requests.push(report);
      changed();
    });
  });
  await listening;

  const machine = qemuChassis(
    {
      identity: {
        vendor: 'Rackwright',
        model: 'Virtual "Server"',
        serial: 'RW-SIM-0001',
        uuid: '0f7a1c3e-5b2d-4c6f-8e9a-000000000001',
        assetTag: 'ASSET-1',
        bmcFirmware: '1.0',
        biosVersion: '2.4.6',
      },
      firmwareMode: 'bios',
      memoryMiB: size.memoryMiB,
      cpus: size.cpus,
      disks: disksIn(folder),
      nics: [{ tap: await network.addTap(), mac: '52:54:00:77:00:01', model: size.nic ?? 'virtio' }],
      directKernel: {
        kernel: join(ramdisk, 'vmlinuz'),
        initrd: join(ramdisk, 'initrd.zst'),
        commandLine: `console=ttyS0 rackwright.url=http://${network.address}:${PORT} rackwright.token=${TOKEN} rackwright.unauthorised_limit=3`,
      },
    },
    { network, folder },
  );

  const tell = (order: Order) => void standIn.send(order);
  const request: AgentRack['request'] = async (fits, from = 0, limitMs = 60_000) => {
    const end = Date.now() + limitMs;
    for (;;) {
      const found = requests.slice(from).find(fits);
      if (found) return found;
      const left = end - Date.now();
      if (left <= 0)
        throw new Error(`the agent did not ask in time; its console: ${(await machine.server.serialLog()).slice(-3000)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 1_000));
        changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };

  machine.chassis.setBootOverride({ device: 'network', once: false, mode: 'bios' });
  return {
    folder,
    machine,
    requests,
    tell,
    request,
    async instruct(id, lines, limitMs) {
      tell({ order: 'instruct', id, lines });
      const { body } = await request(
        ({ path, status }) => path === `/agent/v1/instructions/${id}/result` && status === 204,
        0,
        limitMs,
      );
      return JSON.parse(body) as Record<string, unknown>;
    },
    async inside(...command) {
      const [first, ...args] = network.inside(...command);
      await promisify(execFile)(first, args);
    },
    async close() {
      await machine.server.close();
      for (const child of children) child.kill();
      await network.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function dhcpServer(folder: string, inside: (program: string, ...args: string[]) => string[]): Promise<ChildProcess> {
  const config = join(folder, 'udhcpd.conf');
  const lines = [
    'interface br0',
    'start 10.77.0.100',
    'end 10.77.0.120',
    'option subnet 255.255.255.0',
    `lease_file ${folder}/leases`,
  ];
  await writeFile(config, `${lines.join('\n')}\npidfile ${folder}/udhcpd.pid\n`);
  await writeFile(join(folder, 'leases'), '');
  const [program = '', ...args] = inside('busybox', 'udhcpd', '-f', config);
  return spawn(program, args, { stdio: 'ignore' });
}

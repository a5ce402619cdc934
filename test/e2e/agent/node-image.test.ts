// The node image on a machine of its own: written by the agent with our seed, booted from the disk by BIOS and by UEFI, switched off politely.
import { existsSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { agentResult } from '@rackwright/api-contract/agent-contract.ts';
import { fatImage } from '@rackwright/documents/cidata/fat-image.ts';
import { importImage } from '@rackwright/images/import-image.ts';
import { imageStore } from '@rackwright/images/image-store.ts';
import { need, needOrSkip, needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AgentRack, agentRack, buildRamdisk } from './agent-rack.ts';

const WHAT = 'the node image under QEMU';
const TOOLS = ['qemu-system-x86_64', 'ovmf', 'ip', 'busybox', 'zstd', 'mmdebstrap', 'mtools'] as const;
const isRoot = process.getuid?.() === 0 && existsSync('/dev/net/tun');
// Four minutes on an idle machine, and three more to build the image: not for every run.
const wanted = process.env['RACKWRIGHT_SLOW_TESTS'] === '1';
const possible = wanted && isRoot && TOOLS.every((tool) => need(tool).present);
const GIB = 1024 ** 3;
const SERIAL = 'RW-SSD-0001';
// three times what an idle machine takes
const BOOT_LIMIT_MS = 270_000;

let rack: AgentRack;

const checks = [
  'echo check-units $(systemctl is-active containerd rackwright-pause-image systemd-networkd | sort -u)',
  'echo check-pause $(ctr -n k8s.io images ls | grep ^localhost/rackwright/pause:1 | grep -c io.cri-containerd.pinned=pinned)',
  'echo check-cgroup $(stat -fc %T /sys/fs/cgroup)',
  'echo check-bridge $(sysctl -n net.bridge.bridge-nf-call-iptables) $(sysctl -n net.ipv4.ip_forward)',
  'echo check-plugins $(/opt/cni/bin/ptp --version 2>&1 | head -1 | cut -d" " -f1-2)',
  'echo check-root $(df -B1G --output=size / | tail -1)',
  'echo check-artifacts-folder $(ls /usr/local/bin | wc -l)',
];
const userData = `#cloud-config
ssh_genkeytypes: [ed25519]
runcmd:
  - [sh, -c, ${JSON.stringify(`(${checks.join('; ')}) >/dev/console 2>&1`)}]
final_message: "rackwright-test: finished"
`;
const seed = fatImage('CIDATA', [
  { name: 'meta-data', content: 'instance-id: i-1\nlocal-hostname: node-one\n' },
  { name: 'user-data', content: userData },
  {
    name: 'network-config',
    content: 'version: 2\nethernets:\n  nic1: {match: {macaddress: "52:54:00:77:00:01"}, dhcp4: true}\n',
  },
]);

beforeAll(async () => {
  if (!possible) return;
  const script = join(import.meta.dirname, '../../../scripts/node-image/build-node-image.sh');
  const { stdout } = await promisify(execFile)(script, { timeout: 290_000 });
  rack = await agentRack(
    await buildRamdisk(),
    (folder) => [{ path: join(folder, 'system'), serial: SERIAL, sizeBytes: 4 * GIB, bus: 'virtio' }],
    { memoryMiB: 1024, cpus: 2 },
  );
  const store = join(rack.folder, 'store');
  const image = await importImage(stdout.trim(), store, { name: 'node' });
  const seedPath = join(rack.folder, 'seed');
  await writeFile(seedPath, seed);
  const base = `/agent/v1/images/${image.digest}`;
  rack.tell({ order: 'serve', path: `${base}/manifest`, file: (await imageStore(store).manifest(image.digest))!.path });
  for (let n = 0; n < 64; n++) {
    const chunk = await imageStore(store).chunk(image.digest, n);
    if (chunk) rack.tell({ order: 'serve', path: `${base}/chunks/${n}`, file: chunk.path });
  }
  rack.tell({ order: 'serve', path: '/agent/v1/instructions/ins_1/seed', file: seedPath });
  const lines = [
    `disk_serial ${SERIAL}`,
    `image ${image.digest}`,
    `root_partition ${image.rootPartition}`,
    `seed_partition ${image.seedPartition}`,
  ];
  rack.tell({ order: 'instruct', id: 'ins_1', lines: ['do write_image', ...lines] });
  rack.machine.chassis.act('on');
}, 600_000);
afterAll(() => rack?.close());
beforeEach((ctx) => {
  needOrSkip(ctx, WHAT, ...TOOLS);
  needThatOrSkip(ctx, WHAT, isRoot, 'root and /dev/net/tun');
  needThatOrSkip(ctx, WHAT, wanted, 'RACKWRIGHT_SLOW_TESTS=1');
});

test('the agent writes it and reads it back', async () => {
  const { body } = await rack.request(({ path }) => path === '/agent/v1/instructions/ins_1/result', 0, BOOT_LIMIT_MS);
  expect(agentResult.parse(JSON.parse(body))).toMatchObject({ outcome: 'done' });
});

test('it boots by BIOS from the disk after the agent’s reboot, and is ready for a kubelet', async () => {
  rack.machine.chassis.setBootOverride({ device: 'disk', once: true, mode: 'bios' });
  expect(await rack.instruct('ins_2', ['do reboot'])).toMatchObject({ outcome: 'done' });
  await rack.machine.server.waitForConsole('rackwright-test: finished', BOOT_LIMIT_MS);
  const found = [...(await rack.machine.server.serialLog()).matchAll(/check-(\S+) ([^\r\n]*)/g)].map(([, name, value]) => [
    name,
    value,
  ]);
  expect(Object.fromEntries(found)).toEqual({
    units: 'active',
    pause: '1',
    cgroup: 'cgroup2fs',
    bridge: '1 1',
    plugins: 'CNI ptp',
    // 4 GiB but for the other partitions and the file system's own: it has grown from less than one
    root: '4',
    'artifacts-folder': '0',
  });
});

test('asked to switch off, it does so by itself', async () => {
  const { chassis } = rack.machine;
  expect(chassis.power()).toBe('on');
  chassis.act('graceful_off');
  await expect.poll(() => chassis.power(), { timeout: 60_000 }).toBe('off');
});

test('the same disk boots by UEFI', async () => {
  const { chassis, server } = rack.machine;
  const before = (await server.serialLog()).length;
  chassis.setBootOverride({ device: 'disk', once: true, mode: 'uefi' });
  chassis.act('on');
  await expect
    .poll(async () => (await server.serialLog()).slice(before), { timeout: BOOT_LIMIT_MS })
    .toContain('node-one login:');
  expect((await server.serialLog()).slice(before)).toContain('BdsDxe: starting Boot');
});

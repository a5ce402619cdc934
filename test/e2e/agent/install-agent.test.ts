// The install agent on a machine of its own: what it reports, what it refuses, that nothing unchecked reaches a disk, that erased is erased.
import { execFileSync } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentErasure, agentInspection, agentResult } from '@rackwright/api-contract/agent-contract.ts';
import { importImage } from '@rackwright/images/import-image.ts';
import { imageStore, type StoredImage } from '@rackwright/images/image-store.ts';
import { need, needThatOrSkip, needOrSkip } from '@rackwright/testkit/tools.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AgentRack, agentRack, buildRamdisk } from './agent-rack.ts';
import { CHUNK_MIB, IMAGE_MIB, makeTestImage, MIB, seedOffset } from './test-image.ts';

const WHAT = 'the install agent under QEMU';
const TOOLS = ['qemu-system-x86_64', 'ip', 'busybox', 'zstd'] as const;
const isRoot = process.getuid?.() === 0 && existsSync('/dev/net/tun');
const possible = isRoot && TOOLS.every((tool) => need(tool).present);

const DISK_MIB = 64;
const OLD = 0xaa;
let rack: AgentRack;
let image: StoredImage;
let raw: Buffer;
const seed = randomBytes(4 * MIB);
const disk = (name: string) => readFile(join(rack.folder, name));
const chunkOf = (content: Buffer, n: number) =>
  content.subarray(n * CHUNK_MIB * MIB, Math.min((n + 1) * CHUNK_MIB, IMAGE_MIB) * MIB);
const writeLines = (serial: string) => [
  'do write_image',
  `disk_serial ${serial}`,
  `image ${image.digest}`,
  'root_partition 3',
  'seed_partition 2',
];
const path = (rest: string) => `/agent/v1/images/${image.digest}/${rest}`;

beforeAll(async () => {
  if (!possible) return;
  const ramdisk = await buildRamdisk();
  rack = await agentRack(ramdisk, (folder) => [
    { path: join(folder, 'system'), serial: 'RW-SSD-0001', sizeBytes: DISK_MIB * MIB, bus: 'virtio' },
    { path: join(folder, 'nvme'), serial: 'RW-NVME-0002', sizeBytes: DISK_MIB * MIB, bus: 'nvme' },
    { path: join(folder, 'kept'), serial: 'RW-KEEP-0003', sizeBytes: DISK_MIB * MIB, bus: 'virtio' },
  ]);
  // Disks with a past: whatever reads as zero later was written so.
  for (const name of ['system', 'nvme', 'kept']) await writeFile(join(rack.folder, name), Buffer.alloc(DISK_MIB * MIB, OLD));
  await publishImage();
  rack.machine.chassis.act('on');
});
afterAll(() => rack?.close());
beforeEach((ctx) => {
  needOrSkip(ctx, WHAT, ...TOOLS);
  needThatOrSkip(ctx, WHAT, isRoot, 'root and /dev/net/tun');
});

async function publishImage(): Promise<void> {
  const rawPath = join(rack.folder, 'raw');
  const storeDir = join(rack.folder, 'store');
  makeTestImage(rawPath);
  raw = await readFile(rawPath);
  image = await importImage(rawPath, storeDir, { name: 'test', chunkBytes: CHUNK_MIB * MIB });
  const store = imageStore(storeDir);
  rack.tell({ order: 'serve', path: path('manifest'), file: (await store.manifest(image.digest))!.path });
  for (let n = 0; n < Math.ceil(IMAGE_MIB / CHUNK_MIB); n++) {
    const chunk = await store.chunk(image.digest, n);
    if (chunk) rack.tell({ order: 'serve', path: path(`chunks/${n}`), file: chunk.path });
  }
  await writeFile(join(rack.folder, 'seed'), seed);
}

test('it reports what the machine is made of', async () => {
  const { body } = await rack.request((request) => request.path === '/agent/v1/inspection', 0, 120_000);
  const inspection = agentInspection.parse(JSON.parse(body));
  expect(inspection).toMatchObject({
    firmwareMode: 'bios',
    system: {
      manufacturer: 'Rackwright',
      product: 'Virtual "Server"',
      serial: 'RW-SIM-0001',
      uuid: '0f7a1c3e-5b2d-4c6f-8e9a-000000000001',
      assetTag: 'ASSET-1',
      biosVersion: '2.4.6',
    },
    cpu: { sockets: 1, cores: 1, threads: 1, architecture: 'x86_64' },
    memoryBytes: 512 * MIB,
    nics: [{ mac: '52:54:00:77:00:01', linkUp: true, driver: 'virtio_net' }],
  });
  expect(inspection.memoryModules).toEqual([expect.objectContaining({ slot: 'DIMM 0', sizeBytes: 512 * MIB })]);
  const disks = inspection.disks
    .map(({ serial, sizeBytes, kind }) => [serial, sizeBytes, kind])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  expect(disks).toEqual([
    ['RW-KEEP-0003', DISK_MIB * MIB, 'virtual'],
    ['RW-NVME-0002', DISK_MIB * MIB, 'nvme'],
    ['RW-SSD-0001', DISK_MIB * MIB, 'virtual'],
  ]);
});

test('worked hard it holds: processors, memory and every disk, and the disks are only read', async () => {
  const names = ['system', 'nvme', 'kept'];
  const before = await Promise.all(names.map(disk));
  const lines = ['do burn_in', 'cpu_seconds 2', 'memory_seconds 6', 'disk_seconds 2'];
  const { outcome, detail, evidence } = agentResult.parse(await rack.instruct('ins_burn_in', lines, 120_000));
  expect([outcome, detail]).toEqual(['done', '']);
  expect(evidence.tests?.map(({ test, subject, passed }) => [test, subject, passed])).toEqual([
    ['cpu', '', true],
    ['memory', '', true],
    ['disk', 'RW-NVME-0002', true],
    ['disk', 'RW-SSD-0001', true],
    ['disk', 'RW-KEEP-0003', true],
  ]);
  for (const [n, content] of (await Promise.all(names.map(disk))).entries()) expect(content.equals(before[n]!)).toBe(true);
});

test('a switch that speaks LLDP is heard, and reported in a second inspection', async (ctx) => {
  needThatOrSkip(ctx, 'LLDP heard by the install agent', existsSync('/usr/bin/python3'), 'python3, to play the switch');
  const from = rack.requests.length;
  await rack.inside('/usr/bin/python3', '-c', SWITCH_SPEAKS, lldpFrame().toString('hex'));
  const { body } = await rack.request(({ path: asked }) => asked === '/agent/v1/inspection', from);
  expect(agentInspection.parse(JSON.parse(body)).nics[0]?.lldp).toEqual({
    chassisId: '02:00:00:00:00:aa',
    portId: 'Ethernet1/7',
    // what is no printable ASCII becomes a dot: nothing that a switch sends may break out of a line
    systemName: 'leaf-a.',
  });
});

const SWITCH_SPEAKS =
  'import socket,sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("br0", 0)); s.send(bytes.fromhex(sys.argv[1]))';

/** IEEE 802.1AB: chassis by MAC address, port by interface name, time to live, system name, end. */
function lldpFrame(): Buffer {
  const tlv = (type: number, value: Buffer) =>
    Buffer.concat([Buffer.from([(type << 1) | (value.length >> 8), value.length & 255]), value]);
  const ethernet = Buffer.from('0180c200000e0200000000aa88cc', 'hex');
  return Buffer.concat([
    ethernet,
    tlv(1, Buffer.from('040200000000aa', 'hex')),
    tlv(2, Buffer.from('\x05Ethernet1/7')),
    tlv(3, Buffer.from([0, 120])),
    tlv(5, Buffer.from('leaf-a\n')),
    tlv(0, Buffer.alloc(0)),
  ]);
}

test('a disk that is not there is refused, and no other is touched', async () => {
  const result = agentResult.parse(await rack.instruct('ins_1', writeLines('RW-SSD-9999')));
  expect(result).toMatchObject({ outcome: 'refused', code: 'disk_serial_mismatch' });
  for (const name of ['system', 'nvme', 'kept']) expect((await disk(name)).every((byte) => byte === OLD)).toBe(true);
});

test('a manifest that is not the named one is not obeyed', async () => {
  rack.tell({ order: 'misfortune', path: path('manifest'), what: { spoil: true }, times: 3 });
  const result = agentResult.parse(await rack.instruct('ins_2', writeLines('RW-SSD-0001')));
  expect(result).toMatchObject({ outcome: 'failed', code: 'checksum_mismatch' });
  expect((await disk('system')).every((byte) => byte === OLD)).toBe(true);
});

test('a chunk with one flipped bit never reaches the disk', async () => {
  rack.tell({ order: 'misfortune', path: path('chunks/2'), what: { spoil: true }, times: 3 });
  const result = agentResult.parse(await rack.instruct('ins_3', writeLines('RW-SSD-0001')));
  expect(result).toMatchObject({ outcome: 'failed', code: 'checksum_mismatch' });
  const now = await disk('system');
  expect(chunkOf(now, 0).equals(chunkOf(raw, 0))).toBe(true);
  expect(chunkOf(now, 1).every((byte) => byte === 0)).toBe(true);
  expect(now.subarray(2 * CHUNK_MIB * MIB).every((byte) => byte === OLD)).toBe(true);
});

test('withdrawn in the middle, it stops without a result', async () => {
  const from = rack.requests.length;
  rack.tell({ order: 'misfortune', path: '/agent/v1/instructions/ins_4/progress', what: { status: 409 }, times: 1 });
  rack.tell({ order: 'misfortune', path: '/agent/v1/instruction', what: { status: 503 }, times: 2 });
  rack.tell({ order: 'instruct', id: 'ins_4', lines: writeLines('RW-SSD-0001') });
  const stopped = await rack.request(({ path: asked, status }) => asked.endsWith('ins_4/progress') && status === 409, from);
  const after = rack.requests.indexOf(stopped) + 1;
  await rack.request(({ path: asked, status }) => asked === '/agent/v1/instruction' && status === 200, after);
  expect(rack.requests.slice(from).some(({ path: asked }) => asked === '/agent/v1/instructions/ins_4/result')).toBe(false);
  expect((await disk('system')).subarray(3 * CHUNK_MIB * MIB).every((byte) => byte === OLD)).toBe(true);
});

test('given again, it goes on where it stopped; the disk becomes the image, grown, with its seed', async () => {
  // The one withdrawn above still stands first in the queue: the same instruction, repeated.
  const from = rack.requests.length;
  rack.tell({ order: 'serve', path: '/agent/v1/instructions/ins_4/seed', file: join(rack.folder, 'seed') });
  const { body } = await rack.request(({ path: asked }) => asked === '/agent/v1/instructions/ins_4/result', 0);
  expect(agentResult.parse(JSON.parse(body))).toMatchObject({ outcome: 'done', code: '' });
  expect(JSON.parse(body)).toMatchObject({ evidence: { dataChunks: 3, zeroChunks: 3, seedVerified: true } });
  expect((JSON.parse(body) as { evidence: { resumedChunks: number } }).evidence.resumedChunks).toBeGreaterThanOrEqual(3);
  expect(rack.requests.slice(from).some(({ path: asked }) => asked === path('chunks/0'))).toBe(false);

  const now = await disk('system');
  const expected = Buffer.concat([raw.subarray(0, seedOffset), seed, raw.subarray(seedOffset + seed.length)]);
  // Without both partition tables: those grew with the disk.
  const table = 34 * 512;
  expect(hash('sha256', now.subarray(table, IMAGE_MIB * MIB - table))).toBe(
    hash('sha256', expected.subarray(table, IMAGE_MIB * MIB - table)),
  );
  const dump = execFileSync('/sbin/sfdisk', ['-d', join(rack.folder, 'system')], { encoding: 'utf8' });
  const root = /start= *(\d+), size= *(\d+),[^\n]*name="rw-root"/.exec(dump);
  expect(root?.[1]).toBe(String(8 * 2048));
  // up to the last whole mebibyte, or the last sector before the spare table
  expect(Number(root?.[2])).toBeGreaterThan((DISK_MIB - 8 - 2) * 2048);
  expect((await disk('kept')).every((byte) => byte === OLD)).toBe(true);
});

test('erasing one disk that is missing erases none', async () => {
  const lines = ['do erase_disks', 'disk_serial RW-NVME-0002', 'disk_serial RW-SSD-9999'];
  expect(await rack.instruct('ins_5', lines)).toMatchObject({ outcome: 'refused', code: 'disk_serial_mismatch' });
  expect((await disk('nvme')).every((byte) => byte === OLD)).toBe(true);
});

test('erased disks read zero to the last byte, with evidence for each; the others keep theirs', async () => {
  const result = agentResult.parse(
    await rack.instruct('ins_6', ['do erase_disks', 'disk_serial RW-SSD-0001', 'disk_serial RW-NVME-0002'], 120_000),
  );
  expect(result).toMatchObject({ outcome: 'done' });
  const evidence = result.evidence.disks?.map((entry) => agentErasure.parse(entry));
  expect(evidence?.map(({ serial, method, readBack, sizeBytes }) => [serial, method, readBack, sizeBytes])).toEqual([
    ['RW-SSD-0001', 'blkdiscard_zero', 'zero', DISK_MIB * MIB],
    ['RW-NVME-0002', 'nvme_format', 'zero', DISK_MIB * MIB],
  ]);
  expect(evidence?.every(({ checkedBytes }) => checkedBytes === DISK_MIB * MIB)).toBe(true);
  for (const name of ['system', 'nvme']) expect((await disk(name)).every((byte) => byte === 0)).toBe(true);
  expect((await disk('kept')).every((byte) => byte === OLD)).toBe(true);
});

test('after a reboot it reports again; with a dead token it switches the machine off', async () => {
  const from = rack.requests.length;
  expect(await rack.instruct('ins_7', ['do reboot'])).toMatchObject({ outcome: 'done' });
  await rack.request((request) => request.path === '/agent/v1/inspection' && request.status === 204, from, 120_000);
  rack.tell({ order: 'token', token: 'another-one' });
  await expect.poll(() => rack.machine.chassis.power(), { timeout: 60_000 }).toBe('off');
  expect(rack.requests.slice(from).some(({ status }) => status === 401)).toBe(true);
});

test('the token stands in no line that the agent logs, and in no address', async () => {
  const log = (await rack.machine.server.serialLog()).split('\n').filter((line) => line.includes('rackwright-agent ['));
  expect(log.length).toBeGreaterThan(10);
  expect(log.some((line) => line.includes('agent-test-token'))).toBe(false);
  expect(rack.requests.some(({ path: asked }) => asked.includes('agent-test-token'))).toBe(false);
});

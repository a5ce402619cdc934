// The ramdisk for real hardware: the generic kernel finds cards and controllers that the cloud kernel has no drivers for.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentInspection, agentResult } from '@rackwright/api-contract/agent-contract.ts';
import { need, needOrSkip, needThatOrSkip } from '@rackwright/testkit/tools.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AgentRack, agentRack, buildRamdisk } from './agent-rack.ts';

const WHAT = 'the ramdisk for real hardware';
const TOOLS = ['qemu-system-x86_64', 'ip', 'busybox'] as const;
const isRoot = process.getuid?.() === 0 && existsSync('/dev/net/tun');
// Packing its drivers takes minutes.
const wanted = process.env['RACKWRIGHT_SLOW_TESTS'] === '1';
const possible = wanted && isRoot && TOOLS.every((tool) => need(tool).present);
const BYTES = 64 * 1024 * 1024;

let rack: AgentRack;

beforeAll(async () => {
  if (!possible) return;
  const disk = (folder: string) =>
    ({ path: join(folder, 'sata'), serial: 'RW-SATA-0001', sizeBytes: BYTES, bus: 'sata' }) as const;
  rack = await agentRack(await buildRamdisk('generic'), (folder) => [disk(folder)], { memoryMiB: 768, cpus: 1, nic: 'e1000e' });
  await writeFile(join(rack.folder, 'sata'), Buffer.alloc(BYTES, 0xaa));
  rack.machine.chassis.act('on');
}, 600_000);
afterAll(() => rack?.close());
beforeEach((ctx) => {
  needOrSkip(ctx, WHAT, ...TOOLS);
  needThatOrSkip(ctx, WHAT, isRoot, 'root and /dev/net/tun');
  needThatOrSkip(ctx, WHAT, wanted, 'RACKWRIGHT_SLOW_TESTS=1');
});

test('an Intel card and a SATA disk are found', async () => {
  const { body } = await rack.request(({ path }) => path === '/agent/v1/inspection', 0, 200_000);
  const inspection = agentInspection.parse(JSON.parse(body));
  expect(inspection.nics).toMatchObject([{ driver: 'e1000e', linkUp: true, speedMbps: 1000 }]);
  expect(inspection.disks).toMatchObject([
    { name: 'sda', serial: 'RW-SATA-0001', sizeBytes: BYTES, model: 'QEMU HARDDISK', rotational: true, kind: 'hdd' },
  ]);
});

test('a SATA disk without the security feature is erased by writing zeros', async () => {
  const result = agentResult.parse(await rack.instruct('ins_1', ['do erase_disks', 'disk_serial RW-SATA-0001'], 120_000));
  expect(result).toMatchObject({
    outcome: 'done',
    evidence: { disks: [{ method: 'blkdiscard_zero', readBack: 'zero', checkedBytes: BYTES }] },
  });
  expect((await readFile(join(rack.folder, 'sata'))).every((byte) => byte === 0)).toBe(true);
});

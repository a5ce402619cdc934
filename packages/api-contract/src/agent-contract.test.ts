// The agent's JSON as docs/agent-protocol.md writes it, and what is refused of it.
import { expect, test } from 'vitest';
import { agentInspection, agentProgress, agentResult } from './agent-contract.ts';

const inspection = () => ({
  agentVersion: '1',
  firmwareMode: 'uefi',
  system: { manufacturer: 'QEMU', product: '', serial: ' RW-SIM-0001 ', uuid: '', assetTag: '', biosVersion: '' },
  cpu: { model: 'EPYC', sockets: 1, cores: 2, threads: 2, architecture: 'x86_64' },
  memoryBytes: 1073741824,
  memoryModules: [{ slot: 'DIMM 0', sizeBytes: 1073741824, serial: '', manufacturer: 'QEMU' }],
  disks: [{ name: 'vda', serial: 'RW-SSD-0001', wwn: '', model: '', sizeBytes: 4294967296, rotational: false, kind: 'virtual' }],
  nics: [{ name: 'eth0', mac: '52:54:00:AA:00:01', speedMbps: 1000, linkUp: true, driver: 'virtio_net' }],
});

test('an inspection is taken, with the MAC in lower case and the serial without blanks', () => {
  const seen = agentInspection.parse(inspection());
  expect(seen.system.serial).toBe('RW-SIM-0001');
  expect(seen.nics[0]?.mac).toBe('52:54:00:aa:00:01');
});

test('a field that we do not know yet is dropped', () => {
  expect(agentInspection.parse({ ...inspection(), gpus: [] })).not.toHaveProperty('gpus');
});

test.each([
  ['a disk too many', { disks: Array.from({ length: 257 }, () => inspection().disks[0]) }],
  ['a NIC without a MAC', { nics: [{ ...inspection().nics[0], mac: 'eth0' }] }],
  ['memory beyond counting', { memoryBytes: 2 ** 60 }],
  ['memory below nothing', { memoryBytes: -1 }],
  ['half a disk', { disks: [{ name: 'vda' }] }],
  ['a name without end', { agentVersion: 'x'.repeat(33) }],
])('refused: %s', (_what, wrong) => {
  expect(agentInspection.safeParse({ ...inspection(), ...wrong }).success).toBe(false);
});

test('a result of erasing keeps its evidence; a code that is no code is refused', () => {
  const erased = {
    serial: 'RW-SSD-0001',
    method: 'blkdiscard_zero',
    sizeBytes: 4294967296,
    readBack: 'zero',
    checkedBytes: 4294967296,
    startedAt: '2026-11-22T08:00:00Z',
    finishedAt: '2026-11-22T08:00:09Z',
  };
  const done = { outcome: 'done', code: '', detail: '', evidence: { disks: [erased] } };
  expect(agentResult.parse(done).evidence.disks).toEqual([erased]);
  expect(agentResult.parse({ outcome: 'done', code: '', detail: '' }).evidence).toEqual({});
  expect(agentResult.safeParse({ ...done, code: '<script>' }).success).toBe(false);
});

test('progress lies between nothing and all', () => {
  expect(agentProgress.safeParse({ percent: 101, message: '' }).success).toBe(false);
  expect(agentProgress.parse({ percent: 40, message: 'chunk 6 of 14' }).percent).toBe(40);
});

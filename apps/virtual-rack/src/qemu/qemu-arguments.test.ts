// The boot order that a BMC asked for is the one that QEMU gets.
import { expect, test } from 'vitest';
import type { ChassisBoot } from '../chassis.ts';
import { qemuArguments, type QemuSpec } from './qemu-arguments.ts';

const spec: QemuSpec = {
  identity: {
    vendor: 'Rackwright, Ltd',
    model: 'Virtual',
    serial: 'RW-1',
    uuid: '0f7a1c3e-5b2d-4c6f-8e9a-000000000001',
    assetTag: 'A-1',
    bmcFirmware: '1',
    biosVersion: '2',
  },
  memoryMiB: 1024,
  cpus: 2,
  disks: [
    { path: '/d/0', serial: 'SSD-1', sizeBytes: 1, bus: 'virtio' },
    { path: '/d/1', serial: 'SSD-2', sizeBytes: 1, bus: 'nvme' },
  ],
  nics: [{ tap: 'tap0', mac: '52:54:00:00:00:01' }],
  directKernel: { kernel: '/k', initrd: '/i', commandLine: 'console=ttyS0' },
};
const boot = (changes: Partial<ChassisBoot> = {}): ChassisBoot => ({ device: 'none', once: true, mode: 'uefi', ...changes });
const line = (wanted: ChassisBoot) => qemuArguments(spec, wanted).join(' ');
const order = (wanted: ChassisBoot) =>
  [...line(wanted).matchAll(/-device (\S+?),\S*?bootindex=(\d+)/g)].sort((a, b) => Number(a[2]) - Number(b[2])).map((m) => m[1]);

test('disks first, unless the BMC asks for the network', () => {
  expect(order(boot())).toEqual(['virtio-blk-pci', 'nvme', 'virtio-net-pci']);
  expect(order(boot({ device: 'disk' }))).toEqual(['virtio-blk-pci', 'nvme', 'virtio-net-pci']);
  expect(order(boot({ device: 'network' }))).toEqual(['virtio-net-pci', 'virtio-blk-pci', 'nvme']);
  expect(order(boot({ device: 'http' }))).toEqual(['virtio-net-pci', 'virtio-blk-pci', 'nvme']);
});

test('never anything but emulation', () => {
  expect(line(boot())).toContain('-accel tcg');
  expect(line(boot())).not.toContain('kvm');
});

test('UEFI leaves PXE to the firmware, BIOS to the card', () => {
  expect(line(boot())).toContain(',romfile=');
  expect(line(boot())).toContain('OVMF');
  expect(line(boot({ mode: 'bios' }))).not.toContain('romfile');
  expect(line(boot({ mode: 'bios' }))).not.toContain('OVMF');
});

test('HTTP boot leaves the firmware no PXE to try first', () => {
  expect(line(boot({ device: 'http' }))).toContain('IPv4PXESupport,string=n');
  expect(line(boot({ device: 'network' }))).not.toContain('IPv4PXESupport');
});

test('a direct kernel stands in for the network only', () => {
  expect(line(boot({ device: 'network' }))).toContain('-kernel /k -initrd /i -append console=ttyS0');
  expect(line(boot())).not.toContain('-kernel');
});

test('a comma in a name stays in the name', () => expect(line(boot())).toContain('manufacturer=Rackwright,, Ltd,'));

// Documents of many makers, cut down to what matters, become one kind of hardware.
import { describe, expect, test } from 'vitest';
import type { HardwareDocuments } from './parse-hardware.ts';
import { parseHardware, parseIdentity } from './parse-hardware.ts';
import { quirksFor } from './quirks.ts';

const nothing: HardwareDocuments = {
  root: {},
  system: {},
  manager: {},
  processors: [],
  memory: [],
  nics: [],
  drives: [],
  warnings: [],
};
const generic = quirksFor({ vendor: 'Nobody', managerModel: '', redfishVersion: '1.15.0' });
const dell = quirksFor({ vendor: 'Dell', managerModel: '16G Monolithic', redfishVersion: '1.17.0' });

describe('identity', () => {
  test('Dell: the label is the SKU, the serial number is the main board', () => {
    const system = {
      Manufacturer: 'Dell Inc.',
      Model: 'PowerEdge R760',
      SerialNumber: 'CNBOARD1',
      SKU: 'ABC1234',
      UUID: '4C4C4544-0001',
    };
    const manager = { FirmwareVersion: '7.10.30.00' };
    expect(parseIdentity({ root: { Vendor: 'Dell' }, system, manager }, dell)).toEqual({
      vendor: 'Dell Inc.',
      model: 'PowerEdge R760',
      serial: 'ABC1234',
      uuid: '4c4c4544-0001',
      bmcFirmware: '7.10.30.00',
    });
    expect(parseIdentity({ root: {}, system, manager }, generic).serial).toBe('CNBOARD1');
    expect(parseIdentity({ root: {}, system: { ...system, SKU: null }, manager }, dell).serial).toBe('CNBOARD1');
  });

  test('without a manufacturer the root says who it is', () => {
    expect(parseIdentity({ root: { Oem: { Supermicro: {} } }, system: {}, manager: {} }, generic).vendor).toBe('Supermicro');
  });
});

describe('processors and memory', () => {
  test('the summary counts, in numbers or in text', () => {
    const system = { ProcessorSummary: { Count: '2' }, MemorySummary: { TotalSystemMemoryGiB: 512 } };
    expect(parseHardware({ ...nothing, system }, generic)).toMatchObject({ cpuCount: 2, memoryBytes: 512 * 1024 ** 3 });
  });

  test('without a summary: CPUs only, and DIMMs that are there', () => {
    const processors = [
      { ProcessorType: 'CPU' },
      { ProcessorType: 'GPU' },
      { ProcessorType: 'CPU', Status: { State: 'Absent' } },
    ];
    const memory = [{ CapacityMiB: 16384 }, { CapacityMiB: 16384, Status: { State: 'Absent' } }, { CapacityMiB: null }];
    expect(parseHardware({ ...nothing, processors, memory }, generic)).toMatchObject({
      cpuCount: 1,
      memoryBytes: 16 * 1024 ** 3,
    });
  });
});

describe('network interfaces', () => {
  const nics = (list: object[], quirks = generic) =>
    parseHardware({ ...nothing, nics: list as HardwareDocuments['nics'] }, quirks).nics;

  test('the burnt-in address wins, spelled one way', () => {
    expect(nics([{ Id: '1', MACAddress: '02:00:00:00:00:01', PermanentMACAddress: '70-B5-E8-F0-52-DC' }])).toEqual([
      { mac: '70:b5:e8:f0:52:dc', name: '1' },
    ]);
  });

  test('no address, no interface; the same address once', () => {
    const same = { Id: 'a', MACAddress: '70:B5:E8:F0:52:DC' };
    expect(
      nics([
        { Id: 'x', MACAddress: '' },
        { Id: 'y', MACAddress: 'N/A' },
        { Id: 'z', MACAddress: '00:00:00:00:00:00' },
        same,
        same,
      ]),
    ).toEqual([{ mac: '70:b5:e8:f0:52:dc', name: 'a' }]);
  });

  test('Supermicro: the cable to the BMC is no network', () => {
    const supermicro = quirksFor({ vendor: 'Supermicro', managerModel: 'ASPEED', redfishVersion: '1.11.0' });
    expect(nics([{ Id: 'ToManager', MACAddress: 'BE:3A:F2:00:00:01' }], supermicro)).toEqual([]);
  });
});

describe('disks', () => {
  test('sizes in bytes or mebibytes; empty bays are no disks; a disk without a serial number is doubted', () => {
    const drives = [
      { Name: 'Disk 0', SerialNumber: ' S1 ', Model: 'M', CapacityBytes: 480_103_981_056 },
      { Name: 'Disk 1', SerialNumber: null, Model: 'M', CapacityMiB: 1024 },
      { Name: 'Bay 2', Status: { State: 'Absent' } },
    ];
    const hardware = parseHardware({ ...nothing, drives, warnings: ['Memory could not be read: bmc_busy'] }, generic);
    expect(hardware.disks).toEqual([
      { serial: 'S1', model: 'M', sizeBytes: 480_103_981_056 },
      { serial: '', model: 'M', sizeBytes: 1024 ** 3 },
    ]);
    expect(hardware.warnings).toEqual(['Memory could not be read: bmc_busy', 'disk Disk 1 shows no serial number']);
  });

  test('HPE says itself when it has not looked everywhere yet', () => {
    const system = { Oem: { Hpe: { DeviceDiscoveryComplete: { DeviceDiscovery: 'vAuxDeviceDiscoveryComplete' } } } };
    expect(parseHardware({ ...nothing, system }, generic).warnings).toEqual([
      'iLO has not found all devices yet: vAuxDeviceDiscoveryComplete',
    ]);
  });
});

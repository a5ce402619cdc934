// What a BMC can tell of a change, and what its silence must not be taken for.
import { expect, test } from 'vitest';
import type { BmcHardware } from '../bmc.ts';
import { compareWithBmc } from './compare-with-bmc.ts';
import type { Inspection } from './inspection.ts';

const disk = (serial: string) => ({
  name: '',
  serial,
  wwn: '',
  model: '',
  sizeBytes: 1,
  rotational: false,
  kind: 'ssd' as const,
});
const ACCEPTED: Inspection = {
  agentVersion: '1',
  firmwareMode: 'uefi',
  system: { manufacturer: '', product: '', serial: 'SN-1', uuid: '', assetTag: '', biosVersion: '' },
  cpu: { model: '', sockets: 2, cores: 2, threads: 2, architecture: 'x86_64' },
  memoryBytes: 64_000,
  memoryModules: [],
  disks: [disk('D1'), disk('D2')],
  nics: [{ name: 'eth0', mac: '52:54:00:00:00:01', speedMbps: 1, linkUp: true, driver: '' }],
};
const SEEN: BmcHardware = {
  identity: { vendor: '', model: '', serial: 'SN-1', uuid: '', bmcFirmware: '' },
  biosVersion: '',
  cpuCount: 2,
  memoryBytes: 65_536,
  nics: [{ mac: '52:54:00:00:00:01'.toUpperCase(), name: '1' }],
  disks: [
    { serial: 'D1', model: '', sizeBytes: 1 },
    { serial: 'D2', model: '', sizeBytes: 1 },
    { serial: 'D9', model: 'behind a controller that the agent does not see', sizeBytes: 1 },
  ],
  warnings: [],
};

test('the same, told otherwise, is the same', () => expect(compareWithBmc(ACCEPTED, SEEN)).toEqual([]));

test('what the BMC does not tell is no difference', () => {
  const silent = { ...SEEN, cpuCount: 0, memoryBytes: 0, nics: [], disks: [], identity: { ...SEEN.identity, serial: '' } };
  expect(compareWithBmc(ACCEPTED, silent)).toEqual([]);
});

test('what it tells otherwise is', () => {
  const other = {
    ...SEEN,
    cpuCount: 1,
    memoryBytes: 32_000,
    disks: SEEN.disks.slice(1),
    nics: [{ mac: '52:54:00:00:00:02', name: '' }],
  };
  expect(compareWithBmc(ACCEPTED, { ...other, identity: { ...SEEN.identity, serial: 'SN-2' } }).map(({ part }) => part)).toEqual([
    'serial',
    'disk',
    'nic',
    'memory',
    'cpu',
  ]);
});

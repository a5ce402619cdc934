// The part that a work order names, out of the words of several vendors.
import { expect, test } from 'vitest';
import type { SignalName } from './signals.ts';
import { suspectedPart } from './suspected-part.ts';

test.each<[SignalName, string, object]>([
  ['memory_uncorrectable', 'Uncorrectable ECC error, DIMM A2', { kind: 'memory', slot: 'DIMM A2' }],
  ['memory_uncorrectable', 'Multi-bit memory errors detected on a memory device at location(s) DIMM_A1.', { slot: 'DIMM_A1' }],
  ['memory_uncorrectable', 'Uncorrectable Memory Error (Processor 1, DIMM 3)', { slot: 'DIMM 3' }],
  ['memory_uncorrectable', 'memory 12: uncorrectable error', { slot: 'memory 12' }],
  [
    'disk_failed',
    'Drive 4 in enclosure 1 failed, S/N: S3Z9NX0K1234',
    { kind: 'disk', slot: 'Drive 4', oldSerial: 'S3Z9NX0K1234' },
  ],
  ['power_supply_lost', 'Power supply 2 lost its input', { kind: 'power_supply', slot: 'Power supply 2' }],
  ['power_supply_lost', 'PSU1 failed', { slot: 'PSU1' }],
  ['fan_failed', 'Fan 3A lower critical', { kind: 'fan', slot: 'Fan 3A' }],
  ['processor_failed', 'CPU 1 has an internal error (IERR).', { kind: 'cpu', slot: 'CPU 1' }],
  ['bus_fatal', 'A fatal error was detected on a component at bus 0', { kind: 'other', slot: null, oldSerial: null }],
])('%s: %s', (signal, detail, expected) => expect(suspectedPart(signal, detail, null)).toMatchObject(expected));

test('what is on file gives the slot its name and the part its serial', () => {
  const module = (slot: string, serial: string) => ({ slot, serial, sizeBytes: 1, manufacturer: '' });
  const disk = { name: 'sda', serial: 'S3Z9NX', wwn: '', model: '', sizeBytes: 1, rotational: false, kind: 'ssd' as const };
  const onFile = { memoryModules: [module('A1', 'M1'), module('A2', 'M2')], disks: [disk] };
  expect(suspectedPart('memory_uncorrectable', 'uncorrectable ECC at DIMM_A2', onFile)).toEqual({
    kind: 'memory',
    slot: 'A2',
    oldSerial: 'M2',
  });
  expect(suspectedPart('disk_failed', 'Disk fault S3Z9NX', onFile)).toMatchObject({ kind: 'disk', oldSerial: 'S3Z9NX' });
  // No serial was read: none is invented.
  const nameless = { memoryModules: [module('A2', '')], disks: [] };
  expect(suspectedPart('memory_uncorrectable', 'DIMM A2 uncorrectable', nameless)).toMatchObject({ oldSerial: null });
});

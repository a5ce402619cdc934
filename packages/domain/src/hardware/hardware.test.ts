// Reviewed swaps and expected hardware: what passes, and what has to be named first.
import { describe, expect, test } from 'vitest';
import { compareWithModel } from './hardware-model.ts';
import type { Inspection } from './inspection.ts';
import { reviewSwap, type SwapReview } from './review-hardware.ts';

const mac = (n: number) => `52:54:00:00:00:0${n}`;
const inspection = (serial: string, disks: string[], macs: number[]): Inspection => ({
  agentVersion: '1',
  firmwareMode: 'uefi',
  system: { manufacturer: 'M', product: 'P', serial, uuid: '', assetTag: '', biosVersion: '' },
  cpu: { model: 'C', sockets: 2, cores: 8, threads: 16, architecture: 'x86_64' },
  memoryBytes: 63e9,
  memoryModules: [],
  disks: disks.map((disk) => ({
    name: disk,
    serial: disk,
    wwn: '',
    model: '',
    sizeBytes: 480e9,
    rotational: false,
    kind: 'nvme',
  })),
  nics: macs.map((n) => ({ name: `eth${n}`, mac: mac(n), speedMbps: 1, linkUp: true, driver: '' })),
});
const nics = [
  { mac: mac(1), name: 'a', boot: true },
  { mac: mac(2), name: 'b', boot: false },
];
const review = (seen: Inspection, named: Partial<SwapReview['named']> = {}, more: Partial<SwapReview> = {}) =>
  reviewSwap({
    onFile: { serial: 'S', nics, accepted: inspection('S', ['D1', 'D2'], [1, 2]) },
    seen,
    named: { serial: undefined, nics: {}, lostDisks: [], ...named },
    erased: [],
    allocated: false,
    ...more,
  });

describe('a swap', () => {
  test('of nothing passes', () => expect(review(inspection('S', ['D1', 'D2'], [1, 2]))).toEqual({ ok: true, serial: 'S', nics }));
  test('that adds parts passes', () =>
    expect(review(inspection('S', ['D1', 'D2', 'D3'], [1, 2, 3]))).toMatchObject({ ok: true }));

  test('of the board names the new serial', () => {
    const seen = inspection('S2', ['D1', 'D2'], [1, 2]);
    expect(review(seen)).toMatchObject({ code: 'hardware_not_reviewed', facts: { what: 'the serial S that is now S2' } });
    expect(review(seen, { serial: 'S3' })).toMatchObject({ code: 'serial_mismatch' });
    expect(review(seen, { serial: 'S2' })).toMatchObject({ ok: true, serial: 'S2' });
  });

  test('of the NIC that boots hands on its name and that it boots', () => {
    const seen = inspection('S', ['D1', 'D2'], [3, 2]);
    expect(review(seen)).toMatchObject({ code: 'hardware_not_reviewed' });
    expect(review(seen, { nics: { [mac(1)]: null } })).toMatchObject({ code: 'hardware_not_reviewed' });
    expect(review(seen, { nics: { [mac(1)]: mac(4) } })).toMatchObject({ code: 'reference_not_found', facts: { id: mac(4) } });
    expect(review(seen, { nics: { [mac(1)]: mac(2) } })).toMatchObject({ code: 'reference_not_found', facts: { id: mac(2) } });
    expect(review(seen, { nics: { [mac(5)]: mac(3) } })).toMatchObject({ code: 'reference_not_found', facts: { id: mac(5) } });
    expect(review(seen, { nics: { [mac(1)]: mac(3) } })).toEqual({
      ok: true,
      serial: 'S',
      nics: [{ mac: mac(3), name: 'a', boot: true }, nics[1]],
    });
  });
  test('takes a NIC out, and makes no one of two', () => {
    expect(review(inspection('S', ['D1', 'D2'], [1]), { nics: { [mac(2)]: null } })).toMatchObject({ ok: true, nics: [nics[0]] });
    const both = { nics: { [mac(1)]: mac(3), [mac(2)]: mac(3) } };
    expect(review(inspection('S', ['D1', 'D2'], [3]), both)).toMatchObject({ code: 'reference_not_found' });
  });

  test('of a disk names what left unerased, and never while the server is somebody’s', () => {
    const seen = inspection('S', ['D1'], [1, 2]);
    expect(review(seen)).toMatchObject({ code: 'hardware_not_reviewed' });
    expect(review(seen, { lostDisks: ['D2'] })).toMatchObject({ ok: true });
    expect(review(seen, { lostDisks: ['D1', 'D2'] })).toMatchObject({ code: 'reference_not_found' });
    expect(review(seen, {}, { erased: ['D2'] })).toMatchObject({ ok: true });
    expect(review(seen, { lostDisks: ['D2'] }, { erased: ['D2'], allocated: true })).toMatchObject({
      code: 'disk_dropped_unerased',
    });
  });
});

describe('a model', () => {
  const whole = { cpuSockets: 2, memoryBytes: 64e9, disks: [{ count: 2, sizeBytes: 479e9 }], nics: 2 };
  const seen = inspection('S', ['D1', 'D2'], [1, 2]);
  const whats = (change: object, found = seen) => compareWithModel({ ...whole, ...change }, found).map(({ what }) => what);
  test('that fits', () => expect(whats({})).toEqual([]));
  test('that expects nothing', () => expect(whats({ cpuSockets: null, memoryBytes: null, disks: null, nics: null })).toEqual([]));
  test('that does not fit', () => {
    expect(whats({ cpuSockets: 1 })).toEqual(['2 processors instead of 1']);
    expect(whats({ memoryBytes: 96e9 })).toEqual(['memory 63000000000 bytes instead of 96000000000']);
    expect(whats({ nics: 4 })).toEqual(['2 NICs instead of 4']);
    expect(whats({}, inspection('S', ['D1'], [1, 2]))).toEqual(['1 disks of 479000000000 bytes instead of 2']);
    expect(whats({ disks: [] })).toEqual(['disk D1 is not expected', 'disk D2 is not expected']);
  });
});

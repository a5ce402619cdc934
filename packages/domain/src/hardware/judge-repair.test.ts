// Which counts after a repair are accepted without a person.
import { expect, test } from 'vitest';
import type { Inspection } from './inspection.ts';
import { judgeRepair, type RepairReview } from './judge-repair.ts';

const GIB = 1024 ** 3;
const dimm = (serial: string, slot = 'A1') => ({ slot, sizeBytes: 16 * GIB, serial, manufacturer: 'M' });
const disk = (serial: string) =>
  ({ name: 'sda', serial, wwn: '', model: 'M', sizeBytes: 1e12, rotational: false, kind: 'ssd' }) as const;
function counted(change: Partial<Inspection> = {}): Inspection {
  const memoryModules = change.memoryModules ?? [dimm('M1'), dimm('M2', 'A2')];
  return {
    agentVersion: '1',
    firmwareMode: 'uefi',
    system: { manufacturer: 'Acme', product: 'R1', serial: 'SN-1', uuid: 'u', assetTag: '', biosVersion: '1' },
    cpu: { model: 'C', sockets: 2, cores: 8, threads: 16, architecture: 'x86_64' },
    memoryBytes: memoryModules.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    memoryModules,
    disks: [disk('D1'), disk('D2')],
    nics: [{ name: 'eth0', mac: '02:00:00:00:00:01', speedMbps: 1, linkUp: true, driver: 'd' }],
    ...change,
  };
}
const judge = (seen: Inspection, replaced: RepairReview['replaced'] = null, disksRemoved: string[] = []) =>
  judgeRepair({ accepted: counted(), seen, replaced, disksRemoved });
const memory = (newSerials: string[], oldSerial: string | null = null) => ({ kind: 'memory', oldSerial, newSerials }) as const;

test('nothing changed: nothing to accept', () => {
  expect(judge(counted())).toEqual({ ok: true, accept: false, differences: [] });
  expect(judge(counted(), { kind: 'power_supply', oldSerial: null, newSerials: ['P-9'] })).toMatchObject({ ok: true });
});

test('the module that the order names, and no other', () => {
  const seen = counted({ memoryModules: [dimm('M1'), dimm('N2', 'A2')] });
  expect(judge(seen, memory(['n2'], 'M2'))).toEqual({
    ok: true,
    accept: true,
    differences: ['memory M2 was replaced', 'memory N2 is new'],
  });
  expect(judge(seen, memory(['N2']))).toMatchObject({ ok: true, accept: true });
  expect(judge(seen, memory(['N2'], 'M1'))).toMatchObject({ ok: false, facts: { differences: 'memory M2 is gone' } });
  expect(judge(seen)).toMatchObject({ ok: false, facts: { differences: 'memory N2 is new; memory M2 is gone' } });
  expect(judge(seen, { kind: 'disk', oldSerial: null, newSerials: ['N2'] }).ok).toBe(false);
});

test('a new module that is not counted, or a sum that shrank, is no repair', () => {
  const dead = counted({ memoryModules: [dimm('M1')] });
  expect(judge(dead, memory(['N2'], 'M2'))).toMatchObject({
    ok: false,
    code: 'hardware_changed',
    facts: { differences: expect.stringMatching(/memory .* is now .*memory N2 is not counted/) },
  });
  expect(judge(dead).ok).toBe(false);
  const nameless = counted({ memoryModules: [dimm('M1'), dimm('M2', 'A2')], memoryBytes: 16 * GIB });
  expect(judge(nameless).ok).toBe(false);
});

test('a larger module than the one before is welcome when it is the one of the order', () => {
  const seen = counted({ memoryModules: [dimm('M1'), { ...dimm('N2'), sizeBytes: 64 * GIB }] });
  expect(judge(seen, memory(['N2'], 'M2'))).toMatchObject({ ok: true, accept: true });
});

test('a disk leaves only when somebody accounts for it', () => {
  const seen = counted({ disks: [disk('D1'), disk('X2')] });
  const replaced = { kind: 'disk', oldSerial: 'D2', newSerials: ['X2'] } as const;
  expect(judge(seen, replaced)).toEqual({ ok: false, code: 'disk_dropped_unerased', facts: { disk: 'D2' } });
  expect(judge(seen, replaced, ['D2'])).toMatchObject({ ok: true, accept: true });
});

test('another board, processor or NIC is always a person’s to review', () => {
  const board = counted({ system: { ...counted().system, serial: 'SN-2' } });
  expect(judge(board, { kind: 'board', oldSerial: null, newSerials: ['SN-2'] }).ok).toBe(false);
  expect(judge(counted({ cpu: { ...counted().cpu, sockets: 1 } })).ok).toBe(false);
  const nics = [{ name: 'eth0', mac: '02:00:00:00:00:09', speedMbps: 1, linkUp: true, driver: 'd' }];
  const nic = { kind: 'nic', oldSerial: '02:00:00:00:00:01', newSerials: ['02:00:00:00:00:09'] } as const;
  expect(judge(counted({ nics }), nic)).toMatchObject({ ok: false, facts: { differences: 'nic 02:00:00:00:00:01 is gone' } });
});

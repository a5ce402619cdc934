// What counts as erased, and how long erasing may take.
import { expect, test } from 'vitest';
import { hours } from './durations.ts';
import { disksNotErased, type ErasureEvidence, erasureLimit } from './erasure.ts';

const disk = (serial: string, sizeBytes: number, rotational: boolean) =>
  ({ name: 'sda', serial, wwn: '', model: '', sizeBytes, rotational, kind: rotational ? 'hdd' : 'ssd' }) as const;

test('large spinning disks get the days they need, small ones three hours, nobody more than five days', () => {
  expect(erasureLimit({ disks: [disk('S', 480e9, false)] })).toBe(hours(3));
  expect(erasureLimit({ disks: [disk('A', 8e12, true), disk('B', 8e12, true)] })).toBeGreaterThan(hours(2 * 15));
  expect(erasureLimit({ disks: Array.from({ length: 36 }, (_, n) => disk(`D${n}`, 24e12, true)) })).toBe(hours(120));
});

test('only zeros that were looked at are evidence', () => {
  const at = '2026-01-01T00:00:00Z';
  const seen = (readBack: ErasureEvidence['readBack'], checkedBytes: number): ErasureEvidence[] => [
    { serial: 'S', method: 'overwrite_zero', sizeBytes: 10, readBack, checkedBytes, startedAt: at, finishedAt: at },
  ];
  const accepted = { disks: [disk('S', 10, false)] } as never;
  expect(disksNotErased(accepted, seen('zero', 10))).toEqual([]);
  for (const bad of [[], seen('zero', 0), seen('random', 10), seen('unreadable', 10)])
    expect(disksNotErased(accepted, bad)).toEqual(['S']);
});

test("a named person's word for where a disk went is evidence of it; nobody's word is none", () => {
  const accepted = { disks: [disk('S', 10, false)] } as never;
  const word = { serial: 'S', method: 'destroyed', person: 'Chen Mei', witness: null, evidence: 'shredded', at: '' } as const;
  expect(disksNotErased(accepted, [word])).toEqual([]);
  for (const bad of [
    { ...word, person: ' ' },
    { ...word, evidence: '' },
    { ...word, serial: 'T' },
  ])
    expect(disksNotErased(accepted, [bad])).toEqual(['S']);
});

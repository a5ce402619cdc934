// A PATCH of Boot against the override that is in force.
import { expect, test } from 'vitest';
import type { ChassisBoot } from '../chassis.ts';
import { bootProperties, changeBoot } from './boot-words.ts';

const none: ChassisBoot = { device: 'none', once: true, mode: 'uefi' };
const both = ['Once', 'Continuous'];

test.each<[string, ChassisBoot, Record<string, unknown>, unknown]>([
  [
    'all three',
    none,
    { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once', BootSourceOverrideMode: 'Legacy' },
    { boot: { device: 'network', once: true, mode: 'bios' } },
  ],
  ['a target alone stays disabled', none, { BootSourceOverrideTarget: 'Pxe' }, { boot: none }],
  [
    'the rest stays',
    { device: 'disk', once: false, mode: 'bios' },
    { BootSourceOverrideTarget: 'Cd' },
    { boot: { device: 'cd', once: false, mode: 'bios' } },
  ],
  ['disabled', { device: 'disk', once: false, mode: 'uefi' }, { BootSourceOverrideEnabled: 'Disabled' }, { boot: none }],
  ['an unknown property', none, { BootOrder: [] }, { unknown: 'BootOrder' }],
  ['an unknown target', none, { BootSourceOverrideTarget: 'Tape' }, { refused: 'BootSourceOverrideTarget', value: 'Tape' }],
  ['a mode of no firmware', none, { BootSourceOverrideMode: null }, { refused: 'BootSourceOverrideMode', value: null }],
])('%s', (_name, now, change, expected) => expect(changeBoot(now, change, both)).toEqual(expected));

test('a BMC that knows only Once refuses Continuous', () => {
  const change = { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Continuous' };
  expect(changeBoot(none, change, ['Once'])).toEqual({ refused: 'BootSourceOverrideEnabled', value: 'Continuous' });
});

test('what is in force reads as it was written', () => {
  expect(bootProperties({ device: 'http', once: false, mode: 'uefi' })).toEqual({
    BootSourceOverrideEnabled: 'Continuous',
    BootSourceOverrideTarget: 'UefiHttp',
    BootSourceOverrideMode: 'UEFI',
  });
});

// Boot overrides in the words of several BMCs.
import { describe, expect, test } from 'vitest';
import { bootOverrideFrom, bootWords, lastingWords, splitBySettings, targetWord } from './parse-boot.ts';

const TARGETS = 'BootSourceOverrideTarget@Redfish.AllowableValues';
const ENABLED = 'BootSourceOverrideEnabled@Redfish.AllowableValues';

describe('reading', () => {
  test.each([
    [
      { enabled: 'Once', target: 'Pxe', mode: 'UEFI' },
      { device: 'network', once: true, mode: 'uefi' },
    ],
    [
      { enabled: 'Continuous', target: 'Hdd', mode: 'Legacy' },
      { device: 'disk', once: false, mode: 'bios' },
    ],
    // Supermicro keeps the last target when the override is over.
    [
      { enabled: 'Disabled', target: 'Pxe', mode: 'UEFI' },
      { device: 'none', once: false, mode: 'uefi' },
    ],
    [
      { enabled: 'Once', target: 'UefiHttp', mode: '' },
      { device: 'network', once: true, mode: 'unknown' },
    ],
    [
      { enabled: 'Once', target: 'Cd', mode: 'UEFI' },
      { device: 'none', once: false, mode: 'uefi' },
    ],
  ])('%o', (words, expected) => expect(bootOverrideFrom(words)).toEqual(expected));

  test('a system without Boot has no override', () => {
    expect(bootOverrideFrom(bootWords({}))).toEqual({ device: 'none', once: false, mode: 'unknown' });
  });
});

describe('choosing words', () => {
  test('the target that is listed, at the system or (DGX) in its settings', () => {
    expect(targetWord({ Boot: { [TARGETS]: ['None', 'Pxe', 'Hdd'] } }, {}, 'network')).toBe('Pxe');
    expect(targetWord({}, { Boot: { [TARGETS]: ['UefiHttp'] } }, 'network')).toBe('UefiHttp');
    expect(targetWord({ Boot: { [TARGETS]: ['Cd'] } }, {}, 'disk')).toBeUndefined();
    expect(targetWord({}, {}, 'network')).toBe('Pxe');
  });

  test('Once first, Continuous where it is possible', () => {
    expect(lastingWords({}, {})).toEqual(['Once', 'Continuous']);
    expect(lastingWords({ Boot: { [ENABLED]: ['Once', 'Disabled'] } }, {})).toEqual(['Once']);
    expect(lastingWords({ Boot: { [ENABLED]: ['Continuous', 'Disabled'] } }, {})).toEqual(['Continuous']);
  });

  test('iDRAC9 7.10: the mode stands in the settings object, the rest at the system', () => {
    const whole = { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once', BootSourceOverrideMode: 'UEFI' };
    expect(splitBySettings(whole, { Boot: { BootOrder: [], BootSourceOverrideMode: 'UEFI' } })).toEqual({
      settings: { BootSourceOverrideMode: 'UEFI' },
      system: { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' },
    });
  });
});

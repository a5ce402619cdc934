// SEL records in words, by the tables of the specification.
import { expect, test } from 'vitest';
import { describeRecord } from './describe-event.ts';

const event = (sensorType: number, eventType: number, offset: number, deasserted = false, time = 0x6953_f100) =>
  describeRecord({
    kind: 'event' as const,
    id: 7,
    time,
    generator: 0x20,
    revision: 4,
    sensorType,
    sensor: 3,
    eventType,
    deasserted,
    eventBytes: Uint8Array.of(0xa0 | offset, 0xff, 0xff),
  });

test.each([
  ['temperature 3: upper critical', 'critical', event(1, 1, 9)],
  ['voltage 3: lower warning', 'warning', event(2, 1, 0)],
  ['power supply 3: input lost', 'critical', event(8, 0x6f, 3)],
  ['power supply 3: input lost, ended', 'ok', event(8, 0x6f, 3, true)],
  ['memory 3: correctable error', 'warning', event(12, 0x6f, 0)],
  ['system event 3: went to critical', 'critical', event(18, 7, 2)],
  ['sensor type 200 3: event 6f a0ffff', 'warning', event(200, 0x6f, 0)],
  ['fan 3: event 03 a1ffff', 'warning', event(4, 3, 1)],
] as const)('%s', (message, severity, told) => {
  expect(told).toEqual({ id: '7', at: '2025-12-30T15:34:24.000Z', severity, message });
});

test('a time that counts from the start of the BMC, or is unknown, is no time', () => {
  expect(event(1, 1, 9, false, 1_164).at).toBeNull();
  expect(event(1, 1, 9, false, 0xffff_ffff).at).toBeNull();
});

test('vendor records keep their bytes', () => {
  const timed = describeRecord({
    kind: 'vendor',
    id: 1,
    type: 0xc1,
    time: 0x6953_f100,
    manufacturer: 674,
    bytes: Uint8Array.of(1, 2),
  });
  expect(timed.message).toBe('vendor record c1 of maker 674: 0102');
  const untimed = describeRecord({ kind: 'untimed', id: 2, type: 0xe0, bytes: Uint8Array.of(0xab) });
  expect(untimed).toEqual({ id: '2', at: null, severity: 'ok', message: 'vendor record e0: ab' });
});

// The reader's promises: the first fault sticks, leftovers are a fault, what leaves is a copy.
import { describe, expect, test } from 'vitest';
import { ByteReader, latin1 } from './byte-reader.ts';
import { ByteWriter, latin1Bytes } from './byte-writer.ts';

describe('ByteReader', () => {
  test('reads what the writer wrote, in both byte orders', () => {
    const bytes = new ByteWriter()
      .u8(7)
      .u16(0x0102)
      .u32(0xfffefdfc)
      .u16le(0x0102)
      .u24(0x010203)
      .u24le(0x010203)
      .u32le(0x01020304)
      .text('é')
      .bytes();
    expect([...bytes]).toEqual([7, 1, 2, 0xff, 0xfe, 0xfd, 0xfc, 2, 1, 1, 2, 3, 3, 2, 1, 4, 3, 2, 1, 0xe9, 0]);
    const r = new ByteReader(bytes);
    const value = [r.u8(), r.u16(), r.u32(), r.u16le(), r.u24(), r.u24le(), r.u32le(), r.text()];
    expect(r.finish(value)).toEqual({ ok: true, value: [7, 0x0102, 0xfffefdfc, 0x0102, 0x010203, 0x010203, 0x01020304, 'é'] });
  });

  test('the first fault sticks and later reads answer zero', () => {
    const r = new ByteReader(Uint8Array.of(1, 2, 3));
    expect(r.u32()).toBe(0);
    expect(r.u8()).toBe(0);
    expect(r.done).toBe(true);
    expect(r.finish('x')).toEqual({ ok: false, fault: 'wanted 4 bytes, 3 left (at byte 0)' });
  });

  test('leftover bytes are a fault unless taken', () => {
    const r = new ByteReader(Uint8Array.of(1, 2, 3));
    r.u8();
    expect(r.finish(1)).toEqual({ ok: false, fault: '2 bytes too many (at byte 1)' });
    const again = new ByteReader(Uint8Array.of(1, 2, 3));
    again.u8();
    expect(again.finish([...again.rest()])).toEqual({ ok: true, value: [2, 3] });
  });

  test('copies leave, never views', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const taken = new ByteReader(bytes).take(2);
    bytes.fill(9);
    expect([...taken]).toEqual([1, 2]);
    // A Buffer's slice is a view; the reader must copy that too.
    const buffer = Buffer.from([1, 2, 3]);
    const fromBuffer = new ByteReader(buffer).take(2);
    buffer.fill(9);
    expect([...fromBuffer]).toEqual([1, 2]);
  });

  test('a negative or broken count is a fault, not an exception', () => {
    for (const count of [-1, 0.5, Number.NaN]) {
      const r = new ByteReader(Uint8Array.of(1));
      expect(r.take(count).length).toBe(0);
      expect(r.failed).toBe(true);
    }
  });

  test('text gives every byte back', () => {
    const all = Uint8Array.from({ length: 256 }, (_, n) => n);
    expect(latin1Bytes(latin1(all))).toEqual(all);
    expect(new ByteReader(Uint8Array.of(65)).text()).toBe('');
  });
});

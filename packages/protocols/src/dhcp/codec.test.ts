// DHCP against its vectors, and the corners that no capture shows.
import { loadVectors } from '@rackwright/testkit/vectors/load-vectors.ts';
import { testCodec } from '@rackwright/testkit/vectors/codec-harness.ts';
import { describe, expect, test } from 'vitest';
import { type DhcpPacket, decodeDhcp, encodeDhcp, findOption } from './codec.ts';
import { fitPacket } from './fit-packet.ts';

testCodec(loadVectors('dhcp'), { decode: decodeDhcp, encode: encodeDhcp });

const reply: DhcpPacket = {
  op: 'reply',
  hardware: { type: 1, address: Uint8Array.of(0x52, 0x54, 0, 0, 0, 1) },
  hops: 0,
  xid: 1,
  secs: 0,
  flags: 0,
  ciaddr: '0.0.0.0',
  yiaddr: '10.0.0.9',
  siaddr: '10.0.0.1',
  giaddr: '0.0.0.0',
  sname: '',
  file: '',
  options: [[53, Uint8Array.of(2)]],
  padding: 0,
};

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => n % 251);
}

describe('long options (RFC 3396)', () => {
  test.each([0, 255, 256, 510, 600])('a value of %i bytes comes back whole', (length) => {
    const decoded = decodeDhcp(encodeDhcp({ ...reply, options: [...reply.options, [43, bytes(length)]] }));
    expect(decoded.ok && findOption(decoded.value, 43)).toEqual(bytes(length));
  });

  test('parts are joined over options, file and sname, in this order', () => {
    const packet: DhcpPacket = {
      ...reply,
      options: [...reply.options, [52, Uint8Array.of(3)], [43, Uint8Array.of(1)]],
      fileOptions: [[43, Uint8Array.of(2)]],
      snameOptions: [[43, Uint8Array.of(3)]],
    };
    const decoded = decodeDhcp(encodeDhcp(packet));
    expect(decoded.ok && findOption(decoded.value, 43)).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('fitting a reply to its client', () => {
  const rich: DhcpPacket = {
    ...reply,
    options: [
      [53, Uint8Array.of(2)],
      [54, bytes(4)],
      [43, bytes(100)],
      [15, bytes(50)],
      [67, bytes(60)],
      [82, bytes(150)],
    ],
  };

  test('what fits is left alone', () => expect(fitPacket(rich, 1400)).toBe(rich));

  test('the excess moves to file and then sname, and every option is still there', () => {
    const fitted = fitPacket(rich, 548);
    if (!fitted) throw new Error('should fit');
    const wire = encodeDhcp(fitted);
    expect(wire.length).toBeLessThanOrEqual(548);
    const decoded = decodeDhcp(wire);
    if (!decoded.ok) throw new Error(decoded.fault);
    for (const [code, value] of rich.options) expect(findOption(decoded.value, code)).toEqual(value);
    expect(fitted.options.map(([code]) => code)).toEqual([53, 52, 54, 43, 82]);
  });

  test('a field that holds text is not taken', () => {
    const fitted = fitPacket({ ...rich, file: 'ipxe.efi' }, 560);
    expect(fitted?.file).toBe('ipxe.efi');
    expect(fitted?.fileOptions).toBeUndefined();
    expect(fitted?.snameOptions?.length).toBe(1);
  });

  test('what cannot fit says so', () => expect(fitPacket({ ...rich, file: 'a', sname: 'b' }, 548)).toBeUndefined());
});

test('an overloaded field without its end is refused', () => {
  const wire = encodeDhcp({ ...reply, options: [...reply.options, [52, Uint8Array.of(1)]], file: 'x'.repeat(128) });
  expect(decodeDhcp(wire)).toMatchObject({ ok: false });
});

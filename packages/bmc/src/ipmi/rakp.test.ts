// Keys and packets of suites 3 and 17 against values computed by two other runtimes (Python hmac, openssl), and John's RAKP 2.
import { expect, test } from 'vitest';
import { decodeRmcp } from '@rackwright/protocols/ipmi/rmcp.ts';
import { decodeSessionPacket } from '@rackwright/protocols/ipmi/session-packet.ts';
import { SUITE_3, SUITE_17 } from './cipher-suites.ts';
import { rakp2Code, rakp3Code, rakp4Check, sessionIntegrityKey, sessionKeys, userKey } from './rakp.ts';
import { openPacket, sealPacket } from './sealed-packet.ts';
import { nextSequence, sequenceWindow } from './sequence-window.ts';

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');
const counting = (first: number, step = 1) => Uint8Array.from({ length: 16 }, (_, n) => first + n * step);
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

const MESSAGE = '2000e08104017a';
const EXPECTED = [
  {
    suite: SUITE_3,
    rakp2: '24aadf175adf9985a5012825e6ecc73cbf709bbe',
    sik: 'deb6f445bbaca88d463b7205abc47291f4d6566f',
    k1: '999d4269332cc937db7d8aeb4e9721dc18a5fe40',
    k2: 'a0a66a204744f23c194fa2b1a2adf169',
    rakp3: '8f1b61be6a6f4bad1559bf99ad29ef7a41282fdd',
    rakp4: '9b8c7f676746814064f9af2b',
    packet:
      '0600ff0706c000010002010000002000505152535455565758595a5b5c5d5e5fcf59a1d46542442a3696853c22eecfc0ffff02071645ce3a776f29a37c82aa80',
  },
  {
    suite: SUITE_17,
    rakp2: '4be12afd82d6ca3af5a1fdf8b8ef97fbd08817e824b3205a7bf7ee9c64e31909',
    sik: '14ab66a544b9ba445316113af45859ae803b3c10414d74c88bc1ae7616d05fe8',
    k1: 'b080e573936981e4b45c12fba3b79b38f2dc5bc3b87f6ae8c38e784cdfb98e08',
    k2: 'a2de9172b3159c255655d8a3ca102508',
    rakp3: '963c0515eaea7a47493c8569751df5a8aa71490091cc54e62a7b717c6575766a',
    rakp4: '76ab648c2f702f854149acc2be1697cc',
    packet:
      '0600ff0706c000010002010000002000505152535455565758595a5b5c5d5e5f898aa4599d1da7f6ac1eda9d7dcc6c50ffff0207b7dadbb2634901f8568274829f187d9f',
  },
];

for (const { suite, ...expected } of EXPECTED) {
  const exchange = {
    suite,
    consoleSessionId: 0xa4a3a2a1,
    bmcSessionId: 0x02000100,
    consoleRandom: counting(0x10),
    bmcRandom: counting(0xa0),
    bmcGuid: counting(0xf0, -1),
    role: 0x14,
    username: 'ADMIN',
  };
  const key = userKey('s3cret-Passw0rd!') ?? new Uint8Array();
  const sik = sessionIntegrityKey(exchange, key);
  const sealing = { suite, keys: sessionKeys(suite, sik) };

  test(`suite ${suite.number}: every code and key of the exchange`, () => {
    expect(hex(rakp2Code(exchange, key))).toBe(expected.rakp2);
    expect(hex(rakp3Code(exchange, key))).toBe(expected.rakp3);
    expect(hex(sik)).toBe(expected.sik);
    expect(hex(sealing.keys.integrity)).toBe(expected.k1);
    expect(hex(sealing.keys.encryption)).toBe(expected.k2);
    expect(hex(rakp4Check(exchange, sik))).toBe(expected.rakp4);
  });

  test(`suite ${suite.number}: the whole packet, sealed and opened`, () => {
    const to = { sessionId: exchange.bmcSessionId, sequence: 1, payloadType: 0 };
    expect(hex(sealPacket(sealing, to, bytes(MESSAGE), counting(0x50)))).toBe(expected.packet);
    expect(hex(opened(bytes(expected.packet)))).toBe(MESSAGE);
  });

  test(`suite ${suite.number}: one flipped bit anywhere after the RMCP header and the packet stays shut`, () => {
    const packet = bytes(expected.packet);
    for (let at = 4; at < packet.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const broken = Uint8Array.from(packet);
        broken[at] = (broken[at] ?? 0) ^ (1 << bit);
        expect(opened(broken), `byte ${at}, bit ${bit}`).toBeUndefined();
      }
    }
  });

  function opened(datagram: Uint8Array): Uint8Array | undefined {
    const rmcp = decodeRmcp(datagram);
    if (!rmcp.ok || rmcp.value.kind !== 'ipmi') return undefined;
    const packet = decodeSessionPacket(rmcp.value.body);
    if (!packet.ok || packet.value.format !== 'rmcp+') return undefined;
    return openPacket(sealing, rmcp.value.body, packet.value);
  }
}

test('any length of payload survives sealing', () => {
  const keys = sessionKeys(SUITE_17, new Uint8Array(32));
  for (let length = 0; length < 40; length++) {
    const datagram = sealPacket({ suite: SUITE_17, keys }, { sessionId: 1, sequence: 1, payloadType: 0 }, new Uint8Array(length));
    const packet = decodeSessionPacket(datagram.slice(4));
    if (!packet.ok || packet.value.format !== 'rmcp+') throw new Error('not a packet');
    expect(openPacket({ suite: SUITE_17, keys }, datagram.slice(4), packet.value)?.length).toBe(length);
  }
});

test('a password of more than 20 bytes is refused, not cut', () => {
  expect(userKey('12345678901234567890')?.length).toBe(20);
  expect(userKey('123456789012345678901')).toBeUndefined();
});

test('a sequence number counts once, within its window', () => {
  const window = sequenceWindow('strict');
  expect([1, 2, 2, 0, 17, 18, 40].map((sequence) => window.accept(sequence))).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
  expect(window.accept(3)).toBe(true);
  expect(window.accept(3)).toBe(false);
  for (let sequence = 19; sequence < 5_000; sequence++) expect(window.accept(sequence)).toBe(true);
  expect(window.accept(4_980)).toBe(false);
  expect(nextSequence(0xffff_ffff)).toBe(1);
});

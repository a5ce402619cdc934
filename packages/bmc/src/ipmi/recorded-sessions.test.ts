// Whole sessions of programs we did not write, recorded with a known password: every code, key and packet comes out the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Body } from '@rackwright/protocols/ipmi/body.ts';
import { getChassisStatus } from '@rackwright/protocols/ipmi/get-chassis-status.ts';
import { decodeLanMessage } from '@rackwright/protocols/ipmi/lan-message.ts';
import { openSessionRequest, openSessionResponse } from '@rackwright/protocols/ipmi/open-session.ts';
import { rakp1 } from '@rackwright/protocols/ipmi/rakp-1.ts';
import { rakp2 } from '@rackwright/protocols/ipmi/rakp-2.ts';
import { rakp3 } from '@rackwright/protocols/ipmi/rakp-3.ts';
import { rakp4 } from '@rackwright/protocols/ipmi/rakp-4.ts';
import { decodeRmcp } from '@rackwright/protocols/ipmi/rmcp.ts';
import { decodeSessionPacket } from '@rackwright/protocols/ipmi/session-packet.ts';
import { describe, expect, test } from 'vitest';
import { suiteOf } from './cipher-suites.ts';
import { rakp2Code, rakp3Code, rakp4Check, sessionIntegrityKey, sessionKeys, userKey } from './rakp.ts';
import { openPacket, sealPacket } from './sealed-packet.ts';

const SAMPLES = join(import.meta.dirname, '../../samples/ipmi');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function recorded(file: string) {
  const lines = readFileSync(join(SAMPLES, file), 'utf8').split('\n');
  return lines.filter((line) => /^[<>] /.test(line)).map((line) => Uint8Array.from(Buffer.from(line.slice(2), 'hex')));
}

/** The RMCP+ packets of a recording, with their bytes from the authentication type on. */
function plusPackets(file: string) {
  return recorded(file).flatMap((datagram) => {
    const rmcp = decodeRmcp(datagram);
    const packet = rmcp.ok && rmcp.value.kind === 'ipmi' ? decodeSessionPacket(rmcp.value.body) : undefined;
    if (!rmcp.ok || rmcp.value.kind !== 'ipmi' || !packet?.ok || packet.value.format !== 'rmcp+') return [];
    return [{ datagram, body: rmcp.value.body, packet: packet.value }];
  });
}

describe.each([
  ['suite-3-openipmi.session', 3],
  ['suite-17-ipmitool.session', 17],
])('%s', (file, number) => {
  const packets = plusPackets(file);
  const opening = <T>(type: number, body: Body<T>): T => {
    const found = packets.find(({ packet }) => packet.payloadType === type);
    const decoded = body.decode(found?.packet.payload ?? new Uint8Array(0));
    if (!decoded.ok) throw new Error(decoded.fault);
    return decoded.value;
  };
  const asked = opening(0x10, openSessionRequest);
  const opened = opening(0x11, openSessionResponse);
  const [first, second, third, fourth] = [opening(0x12, rakp1), opening(0x13, rakp2), opening(0x14, rakp3), opening(0x15, rakp4)];
  const suite = suiteOf(asked.algorithms);
  const key = userKey('rackpass');
  if (!suite || !key || !opened.accepted || !second.accepted) throw new Error('the recording is not of an open session');
  const exchange = { suite, ...first, ...second, consoleSessionId: asked.consoleSessionId };
  const sessionKey = sessionIntegrityKey(exchange, key);
  const sealing = { suite, keys: sessionKeys(suite, sessionKey) };
  const sealed = packets.filter(({ packet }) => packet.encrypted);

  test('both sides proved the password', () => {
    expect(suite.number).toBe(number);
    expect(hex(rakp2Code(exchange, key))).toBe(hex(second.code));
    expect(hex(rakp3Code(exchange, key))).toBe(hex(third.code));
    expect(hex(rakp4Check(exchange, sessionKey))).toBe(hex(fourth.check));
  });

  test('every packet opens, and sealed again is the same', () => {
    expect(sealed.length).toBeGreaterThan(4);
    for (const { datagram, body, packet } of sealed) {
      const payload = openPacket(sealing, body, packet);
      if (!payload) throw new Error(`does not open: ${hex(datagram)}`);
      expect(decodeLanMessage(payload).ok).toBe(true);
      expect(hex(sealPacket(sealing, packet, payload, packet.payload.slice(0, 16)))).toBe(hex(datagram));
    }
  });

  test('within it somebody asked for the chassis status and was told', () => {
    const messages = sealed.flatMap(({ body, packet }) => {
      const message = decodeLanMessage(openPacket(sealing, body, packet) ?? new Uint8Array(0));
      return message.ok && message.value.command === getChassisStatus.code ? [message.value] : [];
    });
    const answer = messages.find(({ netFn }) => netFn === getChassisStatus.netFn + 1);
    expect(getChassisStatus.response.decode(answer?.body.slice(1) ?? new Uint8Array(0))).toMatchObject({
      ok: true,
      value: { powerOn: false },
    });
  });
});

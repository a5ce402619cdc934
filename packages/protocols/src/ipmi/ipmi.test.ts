// Every IPMI codec against its vectors: captures of ipmitool and OpenIPMI's simulator, and packets by hand from the specification.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Codec, testCodec } from '@rackwright/testkit/vectors/codec-harness.ts';
import { loadVectors } from '@rackwright/testkit/vectors/load-vectors.ts';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../bytes/byte-reader.ts';
import { type IpmiCommand, noRequest, noResponse } from './body.ts';
import { bootFlags } from './boot-flags.ts';
import { chassisControl } from './chassis-control.ts';
import { chassisIdentify } from './chassis-identify.ts';
import { closeSession } from './close-session.ts';
import { coldReset } from './cold-reset.ts';
import { decodeFru, encodeFru } from './fru.ts';
import { fruText } from './fru-text.ts';
import { getChannelAuthenticationCapabilities } from './get-channel-authentication-capabilities.ts';
import { getChannelCipherSuites } from './get-channel-cipher-suites.ts';
import { getChassisStatus } from './get-chassis-status.ts';
import { getDeviceId } from './get-device-id.ts';
import { getFruInventoryAreaInfo } from './get-fru-inventory-area-info.ts';
import { getSdrRepositoryInfo } from './get-sdr-repository-info.ts';
import { getSdr } from './get-sdr.ts';
import { getSelEntry } from './get-sel-entry.ts';
import { getSelInfo } from './get-sel-info.ts';
import { getSystemBootOptions } from './get-system-boot-options.ts';
import { getSystemGuid } from './get-system-guid.ts';
import { getUserName } from './get-user-name.ts';
import { type GuidOrder, guidBytes, guidText } from './guid.ts';
import { decodeLanMessage, encodeLanMessage } from './lan-message.ts';
import { openSessionRequest, openSessionResponse } from './open-session.ts';
import { managementControllerSdr } from './management-controller-sdr.ts';
import { rakp1 } from './rakp-1.ts';
import { rakp2 } from './rakp-2.ts';
import { rakp3 } from './rakp-3.ts';
import { rakp4 } from './rakp-4.ts';
import { readFruData } from './read-fru-data.ts';
import { reserveSdrRepository } from './reserve-sdr-repository.ts';
import { reserveSel } from './reserve-sel.ts';
import { decodeRmcp, encodeRmcp } from './rmcp.ts';
import { selRecord } from './sel-record.ts';
import { decodeSessionPacket, encodeSessionPacket } from './session-packet.ts';
import { setSessionPrivilegeLevel } from './set-session-privilege-level.ts';
import { setSystemBootOptions } from './set-system-boot-options.ts';
import { setUserPassword } from './set-user-password.ts';

/** One folder of vectors and the codec that reads it. */
function reads<T>(folder: string, codec: Codec<T>) {
  return { folder, test: () => testCodec(loadVectors(`ipmi/${folder}`), codec) };
}

const isEmpty = (body: unknown) => body === noRequest || body === noResponse;

/** A command's two bodies; one that is always empty needs no vectors. */
function speaks<Q, A>({ name, netFn, code, request, response }: IpmiCommand<Q, A>) {
  const folder = name.toLowerCase().replaceAll(' ', '-');
  const bodies = [
    ...(isEmpty(request) ? [] : [reads(`${folder}-request`, request)]),
    ...(isEmpty(response) ? [] : [reads(`${folder}-response`, response)]),
  ];
  return { number: `${netFn} ${code}`, bodies };
}

const COMMANDS = [
  speaks(chassisControl),
  speaks(chassisIdentify),
  speaks(closeSession),
  speaks(coldReset),
  speaks(getChannelAuthenticationCapabilities),
  speaks(getChannelCipherSuites),
  speaks(getChassisStatus),
  speaks(getDeviceId),
  speaks(getFruInventoryAreaInfo),
  speaks(getSdr),
  speaks(getSdrRepositoryInfo),
  speaks(getSelEntry),
  speaks(getSelInfo),
  speaks(getSystemBootOptions),
  speaks(getSystemGuid),
  speaks(getUserName),
  speaks(readFruData),
  speaks(reserveSdrRepository),
  speaks(reserveSel),
  speaks(setSessionPrivilegeLevel),
  speaks(setSystemBootOptions),
  speaks(setUserPassword),
];

const CODECS = [
  ...COMMANDS.flatMap(({ bodies }) => bodies),
  reads('rmcp', { decode: decodeRmcp, encode: encodeRmcp }),
  reads('session-packet', { decode: decodeSessionPacket, encode: encodeSessionPacket }),
  reads('lan-message', { decode: decodeLanMessage, encode: encodeLanMessage }),
  reads('open-session-request', openSessionRequest),
  reads('open-session-response', openSessionResponse),
  reads('rakp-1', rakp1),
  reads('rakp-2', rakp2),
  reads('rakp-3', rakp3),
  reads('rakp-4', rakp4),
  reads('boot-flags', bootFlags),
  reads('sel-record', selRecord),
  reads('management-controller-sdr', managementControllerSdr),
  reads('fru', { decode: decodeFru, encode: encodeFru }),
];

for (const { folder, test: testAll } of CODECS) describe(folder, testAll);

test('every folder of vectors is read by a codec', () => {
  const folders = readdirSync(join(import.meta.dirname, '../../vectors/ipmi'));
  expect(new Set(folders)).toEqual(new Set(CODECS.map(({ folder }) => folder)));
});

test('no two commands share a number', () => {
  expect(new Set(COMMANDS.map(({ number }) => number)).size).toBe(COMMANDS.length);
});

test.each(['smbios', 'rfc4122', 'ipmi'] satisfies GuidOrder[])('a UUID sent in %s order is read as it was', (order) => {
  const uuid = '6a1e7c52-93f4-4b0d-8c21-0f5e6d7c8b9a';
  expect(guidText(guidBytes(uuid, order))).toBe(uuid);
});

test('a GUID of zeros is no GUID', () => expect(guidText(new Uint8Array(16))).toBe(''));

// FRU Storage Definition 1.0 §13.2 and §13.3 give "IPMI" as 29 dc a6 in packed ASCII.
test.each([
  ['packed ASCII', [0x83, 0x29, 0xdc, 0xa6], 'IPMI'],
  ['BCD plus', [0x42, 0x12, 0xb3], '12-3'],
  ['binary', [0x02, 0xca, 0xfe], 'cafe'],
  ['Latin-1 with blanks', [0xc4, 0x41, 0x42, 0x20, 0x00], 'AB'],
])('a FRU field in %s', (_coding, bytes, text) => expect(fruText(new ByteReader(Uint8Array.from(bytes)))).toBe(text));

// TFTP against its vectors.
import { loadVectors } from '@rackwright/testkit/vectors/load-vectors.ts';
import { testCodec } from '@rackwright/testkit/vectors/codec-harness.ts';
import { expect, test } from 'vitest';
import { decodeTftp, encodeTftp } from './codec.ts';

testCodec(loadVectors('tftp'), { decode: decodeTftp, encode: encodeTftp });

test('mode and option names ignore case', () => {
  const decoded = decodeTftp(encodeTftp({ kind: 'read', file: 'A.efi', mode: 'OCTET', options: [['BlkSize', '1468']] }));
  expect(decoded).toEqual({ ok: true, value: { kind: 'read', file: 'A.efi', mode: 'octet', options: [['blksize', '1468']] } });
});

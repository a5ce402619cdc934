// The certificate as an independent reader (Node's OpenSSL) sees it.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { bmcCertificate } from './bmc-certificate.ts';

test('a self-signed certificate for addresses and names', () => {
  const { key, cert, sha256 } = bmcCertificate(['127.0.0.1', 'bmc-1.rack'], new Date('2026-05-01T10:00:00Z'));
  const read = new X509Certificate(cert);
  expect(read.subject).toBe('CN=Virtual rack BMC');
  expect(read.subjectAltName).toBe('IP Address:127.0.0.1, DNS:bmc-1.rack');
  expect(new Date(read.validFrom)).toEqual(new Date('2026-04-30T10:00:00Z'));
  expect(read.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(sha256);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
});

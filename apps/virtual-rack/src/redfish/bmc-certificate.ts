// The self-signed certificate (RFC 5280) that a BMC is born with: one may serve a whole simulated rack.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { der } from './der.ts';

/** PEM texts, and the SHA-256 of the certificate to pin, in lower-case hex. */
export type BmcCertificate = { key: string; cert: string; sha256: string };

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const DAY_MS = 86_400_000;

/** For the IPv4 addresses and names under which the BMCs answer. Valid for ten years from yesterday, as such certificates are. */
export function bmcCertificate(hosts: readonly string[], now = new Date()): BmcCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der.sequence(der.oid(ECDSA_WITH_SHA256));
  const name = der.sequence(der.set(der.sequence(der.oid(COMMON_NAME), der.utf8('Virtual rack BMC'))));
  const validity = der.sequence(der.time(new Date(now.getTime() - DAY_MS)), der.time(new Date(now.getTime() + 3_650 * DAY_MS)));
  const names = der.sequence(...hosts.map(generalName));
  const content = der.sequence(
    der.tagged(0, 'constructed', der.integer(Uint8Array.of(2))),
    der.integer(Uint8Array.of(0x01, ...randomBytes(15))),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.tagged(3, 'constructed', der.sequence(der.sequence(der.oid(SUBJECT_ALT_NAME), der.octetString(names)))),
  );
  const certificate = der.sequence(content, algorithm, der.bitString(sign('sha256', content, privateKey)));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(certificate),
    sha256: createHash('sha256').update(certificate).digest('hex'),
  };
}

function generalName(host: string): Uint8Array {
  if (isIP(host) === 4) return der.tagged(7, 'primitive', Uint8Array.from(host.split('.').map(Number)));
  return der.tagged(2, 'primitive', Buffer.from(host, 'ascii'));
}

function pem(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

// The cipher suites that Rackwright negotiates (IPMI 2.0 table 22-20), each as one record: no algorithm is picked on its own.
import type { Algorithms } from '@rackwright/protocols/ipmi/open-session.ts';

export type CipherSuite = {
  number: 3 | 17;
  algorithms: Algorithms;
  hash: 'sha1' | 'sha256';
  /** Bytes of the codes in RAKP 2 and 3: the whole hash. */
  codeLength: number;
  /** Bytes of the check value in RAKP 4. */
  checkLength: number;
  /** Bytes of the authentication code of each packet. */
  packetCodeLength: number;
};

/** RAKP-HMAC-SHA256, HMAC-SHA256-128, AES-CBC-128. */
export const SUITE_17: CipherSuite = {
  number: 17,
  algorithms: { authentication: 3, integrity: 4, confidentiality: 1 },
  hash: 'sha256',
  codeLength: 32,
  checkLength: 16,
  packetCodeLength: 16,
};

/** RAKP-HMAC-SHA1, HMAC-SHA1-96, AES-CBC-128. */
export const SUITE_3: CipherSuite = {
  number: 3,
  algorithms: { authentication: 1, integrity: 1, confidentiality: 1 },
  hash: 'sha1',
  codeLength: 20,
  checkLength: 12,
  packetCodeLength: 12,
};

/** Best first. All others lack authentication, integrity or encryption (0 is the famous hole), or use MD5 or RC4. */
export const CIPHER_SUITES: readonly CipherSuite[] = [SUITE_17, SUITE_3];

export function suiteOf(wanted: Algorithms): CipherSuite | undefined {
  return CIPHER_SUITES.find(({ algorithms }) => sameAlgorithms(algorithms, wanted));
}

export function sameAlgorithms(a: Algorithms, b: Algorithms): boolean {
  return a.authentication === b.authentication && a.integrity === b.integrity && a.confidentiality === b.confidentiality;
}

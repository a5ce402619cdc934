// Makes the certificates of one test cluster: a CA, the API server's certificate, the key that signs service accounts.
import { generateKeyPairSync, type webcrypto } from 'node:crypto';
import { loadX509 } from '@rackwright/kubernetes/x509/load-x509.ts';

export type TestPki = {
  caPem: string;
  caKeyPem: string;
  serverPem: string;
  serverKeyPem: string;
  serviceAccountKeyPem: string;
  serviceAccountPublicPem: string;
};

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const ONE_DAY_MS = 24 * 60 * 60 * 1000;

/** Good for a day, and from an hour ago: the clocks of test machines differ. */
export async function makeTestPki(addresses: string[]): Promise<TestPki> {
  const x509 = await loadX509();
  const validity = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + ONE_DAY_MS) };
  const caKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=rackwright-test-ca',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
  const serverKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const server = await x509.X509CertificateGenerator.create({
    subject: 'CN=kube-apiserver',
    issuer: ca.subject,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: 'dns', value }) as const),
        ...[...new Set(['127.0.0.1', '10.96.0.1', ...addresses])].map((value) => ({ type: 'ip', value }) as const),
      ]),
    ],
  });
  const serviceAccount = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return {
    caPem: ca.toString('pem'),
    caKeyPem: await privatePem(caKeys.privateKey),
    serverPem: server.toString('pem'),
    serverKeyPem: await privatePem(serverKeys.privateKey),
    serviceAccountKeyPem: serviceAccount.privateKey,
    serviceAccountPublicPem: serviceAccount.publicKey,
  };
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  const lines = der.match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

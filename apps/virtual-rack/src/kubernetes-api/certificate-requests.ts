// The PKCS#10 requests a kubelet makes: for its client certificate, and for the one it serves with.
import type { webcrypto } from 'node:crypto';
import { loadX509 } from '@rackwright/kubernetes/x509/load-x509.ts';

export type KubeletKeys = webcrypto.CryptoKeyPair;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** What a kubelet uses, too. A thousand simulated ones may share a pair: nobody serves with it. */
export async function makeKubeletKeys(): Promise<KubeletKeys> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** PEM. Without names it is a client's request. */
export async function makeRequest(
  nodeName: string,
  keys: KubeletKeys,
  names: { dnsNames: string[]; ipAddresses: string[] },
): Promise<string> {
  const x509 = await loadX509();
  const alternative = [
    ...names.dnsNames.map((value) => ({ type: 'dns', value }) as const),
    ...names.ipAddresses.map((value) => ({ type: 'ip', value }) as const),
  ];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    // kube-apiserver compares the subject as a whole: organization first, as the kubelet writes it.
    name: [{ O: ['system:nodes'] }, { CN: [`system:node:${nodeName}`] }],
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: alternative.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(alternative)],
  });
  return request.toString('pem');
}

export async function privateKeyPem(keys: KubeletKeys): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

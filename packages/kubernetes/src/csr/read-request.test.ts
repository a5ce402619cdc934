// Real PKCS#10 requests, made by openssl and by a library, and what a stranger might send instead.
import { expect, test } from 'vitest';
import type { CsrObject } from '../http/objects.ts';
import { loadX509 } from '../x509/load-x509.ts';
import { readRequest } from './read-request.ts';

// openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/O=system:nodes/CN=system:node:n1'
//   -addext 'subjectAltName=DNS:n1,DNS:n1.rack.example,IP:10.0.0.1,IP:fd00::1,email:a@b.example,URI:spiffe://x'
const OPENSSL = `-----BEGIN CERTIFICATE REQUEST-----
MIIBTjCB9AIBADAwMRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxFzAVBgNVBAMMDnN5
c3RlbTpub2RlOm4xMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEH+1AcMvN74Wl
H5jGHTSR2dSZ2IwrLVg8d2PlOOa7uZiW1kgYFvCEDzJMMpKqZfZ2y+vWFoNZ975h
zWzhUAek+qBiMGAGCSqGSIb3DQEJDjFTMFEwTwYDVR0RBEgwRoICbjGCD24xLnJh
Y2suZXhhbXBsZYcECgAAAYcQ/QAAAAAAAAAAAAAAAAAAAYELYUBiLmV4YW1wbGWG
CnNwaWZmZTovL3gwCgYIKoZIzj0EAwIDSQAwRgIhAK7Mr/9JWnDTbJc+CN6Dq4LY
ZL/+OLV4WWen33wFxPuZAiEA/P5NCA0+sSGivTwPLYa1Afs7f1XlZfsUGef1D6bT
Q1Q=
-----END CERTIFICATE REQUEST-----`;

function csr(pem: string): CsrObject {
  return {
    metadata: { name: 'csr-1', uid: 'u1', resourceVersion: '1' },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['server auth'],
      username: 'system:node:n1',
      groups: ['system:nodes'],
    },
  };
}

test('openssl’s request, with every kind of name', async () => {
  expect(await readRequest(csr(OPENSSL))).toEqual({
    username: 'system:node:n1',
    groups: ['system:nodes'],
    usages: ['server auth'],
    signatureValid: true,
    subject: { commonNames: ['system:node:n1'], organizations: ['system:nodes'], others: [] },
    dnsNames: ['n1', 'n1.rack.example'],
    ipAddresses: ['10.0.0.1', 'fd00::1'],
    otherNames: ['email a@b.example', 'url spiffe://x'],
  });
});

test('a request signed by another key is seen', async () => {
  const x509 = await loadX509();
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const [shown, signing] = await Promise.all([0, 1].map(() => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])));
  const keys = { publicKey: shown!.publicKey, privateKey: signing!.privateKey };
  const forged = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=system:node:n1',
    keys,
    signingAlgorithm: algorithm,
  });
  expect(await readRequest(csr(forged.toString('pem')))).toMatchObject({ signatureValid: false });
});

test('what is no request is undefined, never an exception', async () => {
  expect(await readRequest(csr('not PEM'))).toBeUndefined();
  expect(await readRequest(csr(''))).toBeUndefined();
  expect(await readRequest(csr(OPENSSL.slice(0, 200)))).toBeUndefined();
  expect(await readRequest(csr(OPENSSL.padEnd(40_000, '\n')))).toBeUndefined();
});

// Takes a CertificateSigningRequest object apart: the PKCS#10 inside (RFC 2986) and who sent it.
import type { CsrObject } from '../http/objects.ts';
import { loadX509 } from '../x509/load-x509.ts';
import type { ServingRequest } from './may-approve.ts';

/** OpenSSL and the kubelet write far less; more is an attempt to keep us busy. */
const MAX_REQUEST_BYTES = 32 * 1024;
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';

/** Undefined when the PKCS#10 can't be read. Never throws on what a stranger sent. */
export async function readRequest(csr: CsrObject): Promise<ServingRequest | undefined> {
  if (csr.spec.request.length > MAX_REQUEST_BYTES) return undefined;
  const x509 = await loadX509();
  try {
    const pem = Buffer.from(csr.spec.request, 'base64').toString('latin1');
    const request = new x509.Pkcs10CertificateRequest(pem);
    const names = alternativeNames(x509, request);
    return {
      username: csr.spec.username ?? '',
      groups: csr.spec.groups ?? [],
      usages: csr.spec.usages ?? [],
      signatureValid: await request.verify(),
      subject: readSubject(request.subjectName.toJSON()),
      dnsNames: names.filter((name) => name.type === 'dns').map((name) => name.value),
      ipAddresses: names.filter((name) => name.type === 'ip').map((name) => name.value),
      otherNames: names.filter((name) => name.type !== 'dns' && name.type !== 'ip').map((name) => `${name.type} ${name.value}`),
    };
  } catch {
    return undefined;
  }
}

type X509 = Awaited<ReturnType<typeof loadX509>>;
type Pkcs10 = InstanceType<X509['Pkcs10CertificateRequest']>;

function alternativeNames(x509: X509, request: Pkcs10): { type: string; value: string }[] {
  // All of them: a second extension of the same kind must not escape us.
  const extensions = request.extensions.filter((extension) => extension.type === SUBJECT_ALTERNATIVE_NAME);
  return extensions.flatMap((extension) => new x509.SubjectAlternativeNameExtension(extension.rawData).names.toJSON());
}

function readSubject(parts: { [type: string]: string[] }[]): ServingRequest['subject'] {
  const pairs = parts.flatMap((part) =>
    Object.entries(part).flatMap(([type, values]) => values.map((value) => [type, value] as const)),
  );
  const valuesOf = (type: string) => pairs.filter(([t]) => t === type).map(([, value]) => value);
  return {
    commonNames: valuesOf('CN'),
    organizations: valuesOf('O'),
    others: pairs.filter(([type]) => type !== 'CN' && type !== 'O').map(([type, value]) => `${type}=${value}`),
  };
}

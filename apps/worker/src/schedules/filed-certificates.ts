// The certificates that are on file, with the day on which each ends.
import { X509Certificate } from 'node:crypto';
import type { ClusterId, ServerId } from '@rackwright/domain/ids.ts';
import { readKubeconfig } from '@rackwright/kubernetes/kubeconfig.ts';
import type { Database } from '@rackwright/store/database.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import { readClusterAccess, readFiledCredentials } from '@rackwright/store/secrets/stored-secrets.ts';
import type { FiledCertificate, TaskNeeds } from '@rackwright/workflows/schedule-tasks/needs.ts';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const MOST_OF_A_BUNDLE = 50;

export function filedCertificates(
  database: Database,
  keyring: Keyring,
): Pick<TaskNeeds, 'clusterCertificates' | 'bmcCertificates'> {
  return {
    async clusterCertificates(id: ClusterId) {
      const { ca, credentials } = await readClusterAccess(database, keyring, id);
      const found = certificatesIn('cluster CA', ca);
      const { caData, credentials: own } = readKubeconfig(credentials);
      if (ca === '' && caData !== undefined) found.push(...certificatesIn('cluster CA', caData));
      if (own.kind === 'client_certificate') found.push(...certificatesIn('client certificate', own.certificate));
      return found;
    },
    async bmcCertificates(id: ServerId) {
      const { endpoint } = await readFiledCredentials(database, keyring, id);
      return endpoint.tls?.mode === 'ca' ? certificatesIn('BMC CA', endpoint.tls.ca) : [];
    },
  };
}

function certificatesIn(what: string, pem: string): FiledCertificate[] {
  const blocks = (pem.match(PEM) ?? []).slice(0, MOST_OF_A_BUNDLE);
  if (blocks.length === 0) return pem.trim() === '' ? [] : [{ what, subject: '', notAfter: null }];
  return blocks.map((block) => {
    try {
      const { subject, validToDate } = new X509Certificate(block);
      return { what, subject: subject.replaceAll('\n', ', '), notAfter: validToDate.toISOString() };
    } catch {
      return { what, subject: '', notAfter: null };
    }
  });
}

// Approves kubelets' first client certificates as kube-controller-manager does, and issues what is approved.
import { randomBytes } from 'node:crypto';
import type { CsrObject } from '@rackwright/kubernetes/http/objects.ts';
import { readRequest } from '@rackwright/kubernetes/csr/read-request.ts';
import type { Identities, Identity } from './identities.ts';
import { isBound } from './may-do.ts';
import type { ObjectStore } from './object-store.ts';

const CSRS = 'certificates.k8s.io/certificatesigningrequests';
const CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
const SERVING = 'kubernetes.io/kubelet-serving';
const ROLE = 'system:certificates.k8s.io:certificatesigningrequests';

/** Watches requests from now on. Returns what ends it. */
export function signCertificates(store: ObjectStore, identities: Identities, now: () => Date): () => void {
  return store.subscribe(CSRS, (event) => {
    if (event.type !== 'DELETED') void consider(event.object as unknown as CsrObject);
  });

  async function consider(csr: CsrObject): Promise<void> {
    const { name } = csr.metadata;
    const conditions = csr.status?.conditions ?? [];
    if (csr.status?.certificate || conditions.some(({ type }) => type === 'Denied')) return;
    if (csr.spec.signerName !== CLIENT && csr.spec.signerName !== SERVING) return;
    const approved = conditions.some(({ type }) => type === 'Approved');
    if (!approved && csr.spec.signerName === SERVING) return;
    const request = await readRequest(csr);
    const commonName = request?.subject.commonNames[0];
    if (!request || !commonName?.startsWith('system:node:') || !request.subject.organizations.includes('system:nodes')) return;
    if (!approved && !mayBeAutoApproved(request, commonName)) return;

    // Read again: while the request was taken apart somebody may have deleted or denied it.
    const current = store.get(CSRS, undefined, name);
    if (!current || current.metadata.resourceVersion !== csr.metadata.resourceVersion) return;
    const certificate = randomBytes(24).toString('base64url');
    if (csr.spec.signerName === CLIENT) {
      identities.issue(certificate, { username: commonName, groups: ['system:nodes', 'system:authenticated'] });
    }
    const approval = { type: 'Approved', status: 'True', reason: 'AutoApproved', lastUpdateTime: now().toISOString() };
    const status = { conditions: approved ? conditions : [approval], certificate: Buffer.from(certificate).toString('base64') };
    store.put(CSRS, { ...current, status });
  }

  function mayBeAutoApproved(who: Identity, commonName: string): boolean {
    if (who.username === commonName) return isBound(store, who, `${ROLE}:selfnodeclient`);
    return isBound(store, who, `${ROLE}:nodeclient`);
  }
}

// What a kubelet says to its API server, request by request, over HTTP as a real one.
import { randomBytes } from 'node:crypto';
import type { Connection } from '@rackwright/kubernetes/http/connection.ts';
import type { CsrObject, KubeList, NodeObject, PodObject } from '@rackwright/kubernetes/http/objects.ts';
import { type KubeletKeys, makeRequest } from './certificate-requests.ts';

const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const LEASE_SECONDS = 40;

export type KubeletFacts = {
  nodeName: string;
  addresses: { type: 'InternalIP' | 'ExternalIP' | 'Hostname' | 'InternalDNS'; address: string }[];
  providerID?: string;
  labels?: Record<string, string>;
  kubeletVersion?: string;
  /** Another one after each start of the machine. */
  bootId?: string;
};

/** Sends the request and returns its name. */
export async function requestCertificate(
  connection: Connection,
  facts: KubeletFacts,
  keys: KubeletKeys,
  purpose: 'client' | 'serving',
): Promise<string> {
  const ofType = (...types: string[]) => facts.addresses.filter(({ type }) => types.includes(type)).map(({ address }) => address);
  const serving = { dnsNames: ofType('Hostname', 'InternalDNS'), ipAddresses: ofType('InternalIP', 'ExternalIP') };
  const pem = await makeRequest(facts.nodeName, keys, purpose === 'client' ? { dnsNames: [], ipAddresses: [] } : serving);
  const name = `${purpose === 'client' ? 'node-csr' : 'csr'}-${randomBytes(8).toString('hex')}`;
  const body = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: purpose === 'client' ? 'kubernetes.io/kube-apiserver-client-kubelet' : 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', 'key encipherment', purpose === 'client' ? 'client auth' : 'server auth'],
    },
  };
  await connection.call({ method: 'POST', path: CSRS, body, doing: `request a ${purpose} certificate for ${facts.nodeName}` });
  return name;
}

/** `gone`: the request was deleted. */
export async function readCertificate(connection: Connection, name: string): Promise<{ issued: string } | 'waiting' | 'gone'> {
  const csr = await connection.find<CsrObject>({ method: 'GET', path: `${CSRS}/${name}`, doing: `read CSR ${name}` });
  if (csr === undefined) return 'gone';
  return csr.status?.certificate ? { issued: Buffer.from(csr.status.certificate, 'base64').toString('utf8') } : 'waiting';
}

/** Creates the Node unless there is one: a kubelet that starts again finds its own. */
export async function registerNode(connection: Connection, facts: KubeletFacts): Promise<void> {
  const { nodeName: name, providerID, labels } = facts;
  const doing = `register node ${name}`;
  if (await connection.find<NodeObject>({ method: 'GET', path: `/api/v1/nodes/${name}`, doing })) return;
  const own = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
  const metadata = { name, labels: { ...own, ...labels } };
  const spec = providerID === undefined ? {} : { providerID };
  await connection.call({
    method: 'POST',
    path: '/api/v1/nodes',
    body: { apiVersion: 'v1', kind: 'Node', metadata, spec },
    doing,
  });
}

export async function reportReady(connection: Connection, facts: KubeletFacts, at: Date): Promise<void> {
  const time = { lastHeartbeatTime: at.toISOString(), lastTransitionTime: at.toISOString() };
  const pressure = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
    type,
    status: 'False',
    reason: 'KubeletHasEnough',
    ...time,
  }));
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', ...time };
  const nodeInfo = {
    kubeletVersion: facts.kubeletVersion ?? 'v1.36.0+simulated',
    bootID: facts.bootId ?? '',
    operatingSystem: 'linux',
    architecture: 'amd64',
  };
  const status = { conditions: [...pressure, ready], addresses: facts.addresses, nodeInfo };
  const path = `/api/v1/nodes/${facts.nodeName}/status`;
  await connection.find({ method: 'PATCH', path, body: { status }, doing: `report node ${facts.nodeName} ready` });
}

export async function renewLease(connection: Connection, nodeName: string, at: Date): Promise<void> {
  const doing = `renew the lease of ${nodeName}`;
  // MicroTime: exactly six digits of a second.
  const renewTime = at.toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime };
  if (await connection.find({ method: 'PATCH', path: `${LEASES}/${nodeName}`, body: { spec }, doing })) return;
  const metadata = { name: nodeName, namespace: 'kube-node-lease' };
  await connection.call({
    method: 'POST',
    path: LEASES,
    body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec },
    doing,
  });
}

/** Runs what is bound to the node, and lets go what was told to go. There are no containers: both take no time. */
export async function tendPods(connection: Connection, nodeName: string): Promise<void> {
  const query = { fieldSelector: `spec.nodeName=${nodeName}` };
  const { items } = await connection.call<KubeList<PodObject>>({
    method: 'GET',
    path: '/api/v1/pods',
    query,
    doing: `list pods of ${nodeName}`,
  });
  for (const pod of items ?? []) {
    const { namespace, name, uid } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    if (pod.metadata.deletionTimestamp !== undefined) {
      const body = { gracePeriodSeconds: 0, preconditions: { uid } };
      await connection.find({ method: 'DELETE', path, body, doing: `let pod ${name} go` });
    } else if (pod.status?.phase === undefined || pod.status.phase === 'Pending') {
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      await connection.find({ method: 'PATCH', path: `${path}/status`, body: { status }, doing: `run pod ${name}` });
    }
  }
}

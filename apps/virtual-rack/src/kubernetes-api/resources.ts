// The kinds of object the simulated API server keeps, and how their paths read.

export type Resource = {
  group: string;
  version: string;
  plural: string;
  kind: string;
  namespaced: boolean;
  /** `status` is written apart from the rest, as in Kubernetes. */
  subresources: readonly string[];
};

const row = (
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced: boolean,
  ...subresources: string[]
): Resource => ({
  group,
  version,
  plural,
  kind,
  namespaced,
  subresources,
});

export const RESOURCES: readonly Resource[] = [
  row('', 'v1', 'namespaces', 'Namespace', false),
  row('', 'v1', 'nodes', 'Node', false, 'status'),
  row('', 'v1', 'pods', 'Pod', true, 'status', 'eviction'),
  row('', 'v1', 'secrets', 'Secret', true),
  row('', 'v1', 'persistentvolumes', 'PersistentVolume', false, 'status'),
  row('', 'v1', 'serviceaccounts', 'ServiceAccount', true),
  row('apps', 'v1', 'daemonsets', 'DaemonSet', true),
  row('certificates.k8s.io', 'v1', 'certificatesigningrequests', 'CertificateSigningRequest', false, 'status', 'approval'),
  row('coordination.k8s.io', 'v1', 'leases', 'Lease', true),
  row('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', true, 'status'),
  row('policy', 'v1beta1', 'poddisruptionbudgets', 'PodDisruptionBudget', true, 'status'),
  row('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', false),
  row('storage.k8s.io', 'v1', 'volumeattachments', 'VolumeAttachment', false, 'status'),
];

/** What kubectl's users type. */
export const SHORT_NAMES: Record<string, string> = {
  namespaces: 'ns',
  nodes: 'no',
  persistentvolumes: 'pv',
  pods: 'po',
  serviceaccounts: 'sa',
  daemonsets: 'ds',
  certificatesigningrequests: 'csr',
  poddisruptionbudgets: 'pdb',
};

/** Objects of one group and plural are the same objects in every version. */
export function collectionOf(resource: Resource): string {
  return `${resource.group}/${resource.plural}`;
}

export function groupVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

export type ApiPath = { resource: Resource; namespace?: string; name?: string; subresource?: string };

/** `/api/v1/namespaces/d/pods/p/status` and its like; undefined for what we do not keep. */
export function readPath(path: string): ApiPath | undefined {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const group = parts[0] === 'api' ? '' : parts[0] === 'apis' ? parts[1] : undefined;
  if (group === undefined) return undefined;
  const [version, ...rest] = parts.slice(group === '' ? 1 : 2);
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2;
  const [plural, name, subresource, ...more] = inNamespace ? rest.slice(2) : rest;
  const resource = RESOURCES.find((r) => r.group === group && r.version === version && r.plural === plural);
  if (!resource || more.length > 0 || (inNamespace && !resource.namespaced)) return undefined;
  // Without a namespace only the list over all of them makes sense.
  if (resource.namespaced && !inNamespace && name !== undefined) return undefined;
  if (subresource !== undefined && !resource.subresources.includes(subresource)) return undefined;
  return {
    resource,
    ...(inNamespace ? { namespace: rest[1] ?? '' } : {}),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

// Which labels a kubelet may give its own Node; it refuses to start with others, so those are put on after it joined.

const ALLOWED_NAMES = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);
const ALLOWED_NAMESPACES = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/** The rule of kubelet and of the NodeRestriction admission plug-in: nothing below kubernetes.io or k8s.io but these. */
export function labelsKubeletMaySet(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => mayKubeletSet(name)));
}

function mayKubeletSet(name: string): boolean {
  if (!name.includes('/')) return true;
  const namespace = name.slice(0, name.indexOf('/'));
  if (!isWithin(namespace, 'kubernetes.io') && !isWithin(namespace, 'k8s.io')) return true;
  return ALLOWED_NAMES.has(name) || ALLOWED_NAMESPACES.some((allowed) => isWithin(namespace, allowed));
}

function isWithin(namespace: string, parent: string): boolean {
  return namespace === parent || namespace.endsWith(`.${parent}`);
}

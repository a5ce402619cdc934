// What Kubernetes' controllers do in time: silent nodes turn Unknown, expired tokens go, what belonged to lost nodes goes.
import { isDeepStrictEqual } from 'node:util';
import type { NodeObject } from '@rackwright/kubernetes/http/objects.ts';
import { countBudget } from './evictions.ts';
import { isExpired } from './identities.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';

const CSR_KEPT_MS = 10 * 60_000;
const UNREACHABLE = 'node.kubernetes.io/unreachable';

export type SweepOptions = { store: ObjectStore; now: () => Date; nodeGraceMs: number };

export function sweep({ store, now, nodeGraceMs }: SweepOptions): void {
  const at = now();
  for (const node of store.list('/nodes')) markNode(store, node, at, nodeGraceMs);
  for (const lease of store.list('coordination.k8s.io/leases', 'kube-node-lease')) {
    if (!store.get('/nodes', undefined, lease.metadata.name)) store.remove('coordination.k8s.io/leases', lease);
  }
  for (const pod of store.list('/pods')) {
    const nodeName = (pod.spec as { nodeName?: string } | undefined)?.nodeName;
    if (nodeName && !store.get('/nodes', undefined, nodeName)) store.remove('/pods', pod);
  }
  for (const budget of store.list('policy/poddisruptionbudgets')) {
    const status = countBudget(store, budget);
    if (!isDeepStrictEqual(budget.status, status)) store.put('policy/poddisruptionbudgets', { ...budget, status });
  }
  for (const secret of store.list('/secrets', 'kube-system')) {
    if (secret.type === 'bootstrap.kubernetes.io/token' && isExpired(secret, at)) store.remove('/secrets', secret);
  }
  for (const csr of store.list('certificates.k8s.io/certificatesigningrequests')) {
    if (ageMs(csr, at) > CSR_KEPT_MS) store.remove('certificates.k8s.io/certificatesigningrequests', csr);
  }
}

type Conditions = NonNullable<NonNullable<NodeObject['status']>['conditions']>;

/** node-lifecycle-controller: no renewed lease within the grace period, and every condition of the kubelet is Unknown. */
function markNode(store: ObjectStore, node: StoredObject, at: Date, graceMs: number): void {
  const lease = store.get('coordination.k8s.io/leases', 'kube-node-lease', node.metadata.name);
  const renewed = Date.parse(
    (lease?.spec as { renewTime?: string } | undefined)?.renewTime ?? node.metadata.creationTimestamp ?? '',
  );
  const { conditions = [] } = (node.status ?? {}) as { conditions?: Conditions };
  const ready = conditions.find(({ type }) => type === 'Ready');
  const silent = at.getTime() - renewed > graceMs;
  if (silent && ready?.status !== 'Unknown') {
    const unknown = {
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: at.toISOString(),
    };
    const types = new Set([...conditions.map(({ type }) => type), 'Ready']);
    const status = { ...(node.status as object), conditions: [...types].map((type) => ({ type, ...unknown })) };
    store.put('/nodes', withUnreachable({ ...node, status }, at));
  } else if (ready?.status === 'True' && taintsOf(node).some(({ key }) => key === UNREACHABLE)) {
    store.put('/nodes', withUnreachable(node, undefined));
  }
}

type Taint = { key: string; effect: string; timeAdded?: string };

function taintsOf(node: StoredObject): Taint[] {
  return (node.spec as { taints?: Taint[] } | undefined)?.taints ?? [];
}

function withUnreachable(node: StoredObject, since: Date | undefined): StoredObject {
  const others = taintsOf(node).filter(({ key }) => key !== UNREACHABLE);
  const added = since
    ? ['NoSchedule', 'NoExecute'].map((effect) => ({ key: UNREACHABLE, effect, timeAdded: since.toISOString() }))
    : [];
  return { ...node, spec: { ...(node.spec as object), taints: [...others, ...added] } };
}

function ageMs(object: StoredObject, at: Date): number {
  return at.getTime() - Date.parse(object.metadata.creationTimestamp ?? '');
}

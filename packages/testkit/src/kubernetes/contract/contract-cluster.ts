// What the contract of ClusterApi is tried on: a cluster, real or simulated, and a hand to put objects into it.
import { randomBytes } from 'node:crypto';
import type { ClusterApi, ClusterEndpoint } from '@rackwright/kubernetes/cluster-api.ts';
import { connectCluster } from '@rackwright/kubernetes/connect-cluster.ts';
import { type Connection, openConnection } from '@rackwright/kubernetes/http/connection.ts';
import type { KubeObject, TaintObject } from '@rackwright/kubernetes/http/objects.ts';

/** A kubelet (simulated, or real): given by the test, since only it knows which. */
export type ContractKubelet = { hasServingCertificate: () => boolean; stop: () => Promise<void> };

export type StartKubelet = (joining: {
  endpoint: ClusterEndpoint;
  bootstrapToken: string;
  nodeName: string;
  ipAddress: string;
  providerID: string;
}) => ContractKubelet;

export type ContractCluster = {
  /** As a member of system:masters. */
  endpoint: ClusterEndpoint;
  startKubelet: StartKubelet;
  /** A silent node turns Unknown after about this long. */
  nodeGraceMs: number;
};

export type ContractWorld = ContractCluster & {
  api: ClusterApi;
  hand: Hand;
  /** Kubelets started through here are stopped at the end. */
  kubelets: ContractKubelet[];
  close: () => Promise<void>;
};

export function openContractWorld(cluster: ContractCluster): ContractWorld {
  const api = connectCluster(cluster.endpoint);
  const connection = openConnection(cluster.endpoint);
  const kubelets: ContractKubelet[] = [];
  return {
    ...cluster,
    api,
    hand: handOf(connection),
    kubelets,
    async close() {
      await Promise.all(kubelets.map((kubelet) => kubelet.stop()));
      await api.close();
      await connection.close();
    },
  };
}

/** Unlike any name of an earlier run. */
export function fresh(what: string): string {
  return `${what}-${randomBytes(4).toString('hex')}`;
}

export type Hand = ReturnType<typeof handOf>;

type PodWish = {
  name: string;
  node: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  owner?: { apiVersion: string; kind: string; name: string; uid: string };
  graceSeconds?: number;
  emptyDir?: true;
  /** Of its container. */
  command?: string[];
  /** Uses this claim of its namespace. */
  claim?: string;
};

function handOf(connection: Connection) {
  const post = (path: string, body: object) =>
    connection.call<KubeObject>({ method: 'POST', path, body, doing: `create ${path}` });
  const patch = (path: string, body: object) =>
    connection.call<KubeObject>({ method: 'PATCH', path, body, doing: `patch ${path}` });

  return {
    find: (path: string) => connection.find<KubeObject>({ method: 'GET', path, doing: `read ${path}` }),
    post,
    patch,

    async node(name: string, labels: Record<string, string> = {}, taints: TaintObject[] = []): Promise<KubeObject> {
      return post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: { taints } });
    },

    remove: (path: string) => connection.ask({ method: 'DELETE', path, doing: `delete ${path}` }),

    /** It is there already where somebody else made it. */
    async systemNamespace(): Promise<void> {
      const make = (path: string, kind: string, name: string) =>
        connection.ask({ method: 'POST', path, body: { apiVersion: 'v1', kind, metadata: { name } }, doing: `create ${name}` });
      await make('/api/v1/namespaces', 'Namespace', 'kube-system');
      await make('/api/v1/namespaces/kube-system/serviceaccounts', 'ServiceAccount', 'default');
    },

    /** A namespace in which pods can be made: the real API server wants a service account for each. */
    async namespace(name: string): Promise<void> {
      await post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
      // Where a controller does it, too, it may have been faster.
      const path = `/api/v1/namespaces/${name}/serviceaccounts`;
      await connection.ask({ method: 'POST', path, body, doing: 'create the default service account' });
    },

    /** Bound to its node, running and ready, as if a kubelet had done it. */
    async pod(namespace: string, wish: PodWish): Promise<KubeObject> {
      const { name, node, labels = {}, annotations = {}, owner, graceSeconds = 0, command, claim } = wish;
      const owned = owner ? { ownerReferences: [{ ...owner, controller: true }] } : {};
      const spec = {
        nodeName: node,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: graceSeconds,
        containers: [{ name: 'main', image: 'none', ...(command ? { command } : {}) }],
        ...(claim ? { volumes: [{ name: 'claimed', persistentVolumeClaim: { claimName: claim } }] } : {}),
        ...(wish.emptyDir ? { volumes: [{ name: 'scratch', emptyDir: {} }] } : {}),
      };
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels, annotations, ...owned }, spec };
      await post(path, pod);
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      return patch(`${path}/${name}/status`, { status });
    },
  };
}

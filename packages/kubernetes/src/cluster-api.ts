// What Rackwright asks of one Kubernetes cluster: the port's type, in values that show no Kubernetes object through.

import type { DrainOutlook } from '@rackwright/domain/plans/cluster-sight.ts';
import type { ControlPlane } from '@rackwright/domain/control-plane/may-leave.ts';

export type ClusterCredentials =
  | { kind: 'token'; token: string }
  /** PEM texts. */
  | { kind: 'client_certificate'; certificate: string; key: string }
  | { kind: 'none' };

export type ClusterEndpoint = {
  /** `https://10.0.0.10:6443`, a path behind it is kept. */
  server: string;
  /** The cluster's CA certificates, PEM. Without it the machine's own list of CAs is used. */
  caData?: string;
  /** `unchecked` trusts whoever answers: for laboratories, never with a token worth stealing. */
  serverIdentity?: 'checked' | 'unchecked';
  credentials: ClusterCredentials;
};

export type ClusterNode = {
  name: string;
  uid: string;
  /** True only when the Ready condition says True; an Unknown node is not ready. */
  ready: boolean;
  conditions: { type: string; status: 'True' | 'False' | 'Unknown'; reason: string; message: string; since: string }[];
  unschedulable: boolean;
  /** The job that cordoned it, when that was one of ours. */
  cordonedBy: string | undefined;
  providerID: string | undefined;
  labels: Record<string, string>;
  taints: NodeTaint[];
  kubeletVersion: string;
  /** Another one after each boot of the machine; empty when the kubelet has not told. */
  bootId: string;
  addresses: { type: string; address: string }[];
  /** Volumes still attached; empty before a power-off is harmless to them. */
  volumesAttached: string[];
};

export type NodeTaint = { key: string; value?: string; effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' };

export type NodeChange =
  /** The whole list: at the start, and again whenever the watch had a gap. */
  | { kind: 'listed'; nodes: ClusterNode[] }
  | { kind: 'changed'; node: ClusterNode }
  | { kind: 'removed'; name: string; uid: string }
  /** The API server does not answer; the watch goes on trying, and a `listed` or a change tells that it is back. */
  | { kind: 'lost'; why: string };

export type BootstrapToken = {
  /** Six of a-z0-9; given by the caller, so that making it twice makes one. */
  id: string;
  /** Sixteen of a-z0-9. A secret. */
  secret: string;
  serverId: string;
  nodeName: string;
  expiresAt: Date;
};

/** What the inventory knows of a node; its certificate may name these and nothing else. */
export type ExpectedNode = { nodeName: string; dnsNames: string[]; ipAddresses: string[] };

/** By the names of the CertificateSigningRequests. `username` is who asked: `system:node:<node>` where all is well. */
export type CsrVerdicts = { approved: string[]; refused: { name: string; username: string; reason: string }[] };

export type DrainPolicy = {
  /** `evict`: pods with emptyDir volumes lose them. `block`: they hold the drain until a person decides. */
  localStorage: 'evict' | 'block';
  /** Pods that no controller would make again. */
  unmanaged: 'evict' | 'block';
  /** Overrides the pods' own grace period. */
  gracePeriodSeconds?: number;
  /** No further eviction is begun after this; default 10 s. */
  passBudgetMs?: number;
};

export type PodName = { namespace: string; name: string; uid: string };

export type RemainingPod = PodName & {
  /** Absent: it is on its way out, only wait. */
  blockedBy?: { reason: BlockReason; pdb?: string; message: string };
  /** When we began to wait for it: its own deletion, else the cordon of its node (RFC 3339). */
  since: string;
};

export type BlockReason =
  | 'disruption_budget'
  /** Two budgets match the pod: the eviction API refuses for ever, somebody must mend them. */
  | 'several_disruption_budgets'
  | 'local_storage'
  | 'unmanaged'
  | 'api_server_busy'
  | 'refused_by_api_server'
  | 'not_tried_yet';

export type DrainPass = { remaining: RemainingPod[]; evicted: PodName[] };

/** `claim` is `<namespace>/<name>`; null where nobody knows whose it is. `since`: RFC 3339. */
export type AttachedVolume = { volume: string; claim: string | null; since: string | null };

export type ClusterHealth = { ready: boolean; version: string; failing: string[] };

/**
 * One cluster, over its API server. Every method may be repeated. All throw Fault: kubernetes_unreachable (later),
 * kubernetes_unauthorized and kubernetes_forbidden (never), kubernetes_busy (soon), kubernetes_conflict (soon),
 * kubernetes_rejected (never), kubernetes_failed (later), kubernetes_protocol_error (later).
 */
export interface ClusterApi {
  /** Is the API server ready to serve, and which version is it? Not ready is an answer; unreachable is a Fault. */
  health(): Promise<ClusterHealth>;

  /** Lets our tokens ask for client certificates and have them signed: the three bindings that kubeadm makes. */
  ensureBootstrapRbac(): Promise<void>;
  /** Makes sure that this token works and is the only one of its server. Refusal bootstrap_token_taken: another server's. */
  createBootstrapToken(token: BootstrapToken): Promise<void>;
  /** Refusal bootstrap_token_gone: it was deleted or has expired and been swept; create it again. */
  extendBootstrapToken(id: string, expiresAt: Date): Promise<void>;
  /** API servers remember a good token for some ten seconds more: one that was seen alive dies a little later. */
  deleteBootstrapToken(id: string): Promise<void>;

  node(name: string): Promise<ClusterNode | undefined>;
  nodes(): Promise<ClusterNode[]>;
  /**
   * Tells of every node and every change until stopped; the next change waits until `onChange` is done with the last.
   * Reconnects by itself.
   */
  watchNodes(onChange: (change: NodeChange) => void | Promise<void>): () => void;
  /**
   * Sets these labels (null removes one) and taints (by key and effect), and leaves all others. Refusal node_unknown.
   * Kubernetes' node controller may overwrite the taints of a node that is just changing its state: make sure again.
   */
  ensureNodeLabels(name: string, labels: Record<string, string | null>, taints?: NodeTaint[]): Promise<void>;
  /** Sets these taints (by key and effect), and leaves all others. A node that is gone needs none. */
  ensureNodeTaints(name: string, taints: NodeTaint[]): Promise<void>;
  /** Takes these taints away, by key and effect. A node that is gone has none. */
  removeNodeTaints(name: string, taints: Pick<NodeTaint, 'key' | 'effect'>[]): Promise<void>;

  /** Looks at every kubelet serving certificate that waits, and approves those the inventory vouches for. */
  approveServingCsrs(expected: ExpectedNode[]): Promise<CsrVerdicts>;

  /** Marks the node unschedulable in the name of this job. Refusal node_unknown. */
  cordon(name: string, jobId: string): Promise<void>;
  /** Undoes our own cordon; one that somebody else made stays. Tells whether it undid it. */
  uncordonIfOurs(name: string, jobId: string): Promise<boolean>;
  /** Asks every pod of the node to go, once, and tells which are still there and why. The caller comes back. */
  drainPass(name: string, policy: DrainPolicy): Promise<DrainPass>;
  /** What a drain of these nodes would meet now; touches nothing. Pods of a node that is not there are none. */
  drainOutlook(names: readonly string[], policy: DrainPolicy): Promise<Map<string, DrainOutlook>>;
  /** Removes the pod's object at once, past every budget. Only by policy, or when its node is known to be off. */
  forceDeletePod(pod: PodName): Promise<void>;
  /** Volumes attached to the node, without those of pods that are still on it. Empty before a power-off is harmless to them. */
  attachedVolumes(name: string): Promise<AttachedVolume[]>;
  /** Its etcd members, as far as they run as kubeadm's static pods, and the nodes of both. */
  controlPlane(): Promise<ControlPlane>;
  /** Deletes the Node with this uid. Gone already is done. Refusal node_replaced: another node has the name now. */
  deleteNode(name: string, uid: string): Promise<void>;
  /** Takes back what the server could still join with: waiting CSRs of the node and tokens of the server. */
  revokeAccess(server: { serverId: string; nodeName: string }): Promise<void>;

  /** Ends watches and connections. */
  close(): Promise<void>;
}

export type ConnectCluster = (endpoint: ClusterEndpoint) => ClusterApi;

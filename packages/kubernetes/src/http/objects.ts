// The Kubernetes objects we read, as far as we read them. Everything an API server may leave out is optional.

export type Meta = {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
};

export type KubeObject = { metadata: Meta };

export type KubeList<T> = { metadata: { resourceVersion: string; continue?: string }; items: T[] | null };

export type TaintObject = { key: string; value?: string; effect: string; timeAdded?: string };

export type NodeObject = KubeObject & {
  spec?: { unschedulable?: boolean; providerID?: string; taints?: TaintObject[] };
  status?: {
    conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[];
    addresses?: { type: string; address: string }[];
    nodeInfo?: { kubeletVersion?: string; bootID?: string };
    volumesAttached?: { name: string }[];
  };
};

export type PodObject = KubeObject & {
  spec?: {
    nodeName?: string;
    volumes?: { name: string; emptyDir?: object; persistentVolumeClaim?: { claimName: string } }[];
    containers?: { command?: string[]; args?: string[] }[];
  };
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
};

/** policy/v1 or v1beta1 PodDisruptionBudget. A list's items do not say their apiVersion: whoever lists fills it in. */
export type BudgetObject = KubeObject & {
  apiVersion?: string;
  spec?: {
    selector?: {
      matchLabels?: Record<string, string>;
      matchExpressions?: { key: string; operator: string; values?: string[] }[];
    };
    unhealthyPodEvictionPolicy?: string;
  };
  status?: { disruptionsAllowed?: number; currentHealthy?: number; desiredHealthy?: number };
};

/** storage.k8s.io/v1 VolumeAttachment. */
export type VolumeAttachmentObject = KubeObject & { spec: { nodeName: string; source?: { persistentVolumeName?: string } } };

/** PersistentVolume. */
export type VolumeObject = KubeObject & {
  spec?: { claimRef?: { namespace: string; name: string }; csi?: { driver: string; volumeHandle: string } };
};

/** certificates.k8s.io/v1 CertificateSigningRequest. */
export type CsrObject = KubeObject & {
  spec: { request: string; signerName: string; usages?: string[]; username?: string; groups?: string[] };
  status?: { conditions?: { type: string }[]; certificate?: string };
};

export type SecretObject = KubeObject & { type?: string; data?: Record<string, string> };

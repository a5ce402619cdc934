// May this node leave its cluster, as far as the control plane goes: does etcd keep its quorum, is another API server left?
import type { Facts } from '../errors.ts';

/** A member of stacked etcd as the API server shows it: the static pod that kubeadm makes. */
export type EtcdPod = {
  /** Its name among the members. */
  member: string;
  nodeName: string;
  ready: boolean;
  createdAt: string;
  /** The members there were when it joined, by name. */
  initialCluster: readonly string[];
};

export type ControlPlaneNode = {
  name: string;
  /** Labelled as control plane; the others only run etcd. */
  controlPlane: boolean;
  ready: boolean;
  /** One of our operations has cordoned it: it will be off soon. */
  leaving: boolean;
};

export type ControlPlane = { etcd: readonly EtcdPod[]; nodes: readonly ControlPlaneNode[] };

export type LeaveVerdict =
  /** `no_part`: a worker. */
  { ok: true; as: 'no_part' | 'spared' } | { ok: false; code: 'etcd_quorum_at_risk' | 'last_control_plane'; facts: Facts };

/**
 * Switching a machine off takes its vote away and leaves it counted: with three members two must be left, with two it is refused.
 * The member list itself is not on the API server. The youngest pod's `--initial-cluster` names what there was when it joined, so that a
 * member left behind by an earlier machine counts too; one that was removed since then counts as well, which errs on the safe side.
 */
export function mayLeave({ etcd, nodes }: ControlPlane, nodeName: string): LeaveVerdict {
  const own = nodes.find(({ name }) => name === nodeName);
  const ownMember = etcd.find((pod) => pod.nodeName === nodeName);
  if (!ownMember && own?.controlPlane !== true) return { ok: true, as: 'no_part' };
  const staying = new Set(nodes.flatMap(({ name, ready, leaving }) => (name !== nodeName && ready && !leaving ? [name] : [])));
  if (ownMember) {
    const members = memberNames(etcd);
    const quorum = Math.floor(members.size / 2) + 1;
    const healthy = etcd.filter((pod) => pod.ready && staying.has(pod.nodeName)).map(({ member }) => member);
    if (healthy.length < quorum) {
      const missing = [...members].filter((member) => member !== ownMember.member && !healthy.includes(member));
      const facts = { nodeName, members: members.size, quorum, left: healthy.length, notHealthy: missing.join(', ') || 'none' };
      return { ok: false, code: 'etcd_quorum_at_risk', facts };
    }
  }
  const others = nodes.filter(({ name, controlPlane }) => controlPlane && staying.has(name));
  if (own?.controlPlane === true && others.length === 0) return { ok: false, code: 'last_control_plane', facts: { nodeName } };
  return { ok: true, as: 'spared' };
}

function memberNames(etcd: readonly EtcdPod[]): Set<string> {
  const [youngest] = etcd.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  return new Set([...etcd.map(({ member }) => member), ...(youngest?.initialCluster ?? [])]);
}

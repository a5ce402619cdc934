// The Nodes of a cluster beside the servers on file: which Node is missing, and which one nobody vouches for.
import type { ServerId } from '../ids.ts';
import { isServing, type ServerState } from '../server-lifecycle/table.ts';

export type NodeSeen = {
  name: string;
  uid: string;
  /** What its label says; kubelets that we installed give it themselves when they register. */
  serverId: string | undefined;
  addresses: readonly string[];
};

export type ServerOnFile = {
  id: ServerId;
  name: string;
  state: ServerState;
  address: string | null;
  /** Its allocation in this very cluster; null: it is not (or no longer) handed out there. */
  member: { nodeName: string; nodeUid: string | null } | null;
};

export type NodeAlarm =
  /** The Node of a server in service is gone, and no operation of ours removed it. The server stays what it is. */
  | { kind: 'node_deleted_by_hand'; serverId: ServerId; serverName: string; nodeName: string; nodeUid: string }
  /** A server that was released, or never handed out here, runs a kubelet. */
  | {
      kind: 'node_of_released_server';
      serverId: ServerId;
      serverName: string;
      nodeName: string;
      nodeUid: string;
      knownBy: KnownBy;
    }
  /** No server on file is this Node. */
  | { kind: 'node_without_server'; nodeName: string; nodeUid: string };

export type KnownBy = 'label' | 'name' | 'address';

/** A kubelet registered anew under our own label: the same machine, another Node object. */
export type Adoption = { serverId: ServerId; nodeName: string; before: string; nodeUid: string };

export type Comparison = { alarms: NodeAlarm[]; adoptions: Adoption[] };

/**
 * @param nodes  all of the cluster
 * @param servers  all on file, whether they belong to this cluster or not
 */
export function compareNodes(nodes: readonly NodeSeen[], servers: readonly ServerOnFile[]): Comparison {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const missing = servers.flatMap((server) => missingNode(server, byName));
  const index = indexOf(servers);
  return {
    alarms: [...missing, ...nodes.flatMap((node) => unvouchedNode(node, index))],
    adoptions: servers.flatMap((server) => adoption(server, byName)),
  };
}

/** The same trouble has the same key, however often it is seen: one Node object of one cluster. */
export function alarmKey(clusterId: string, { kind, nodeUid }: NodeAlarm): string {
  return `${alarmPrefix(kind, clusterId)}${nodeUid}`;
}

export function alarmPrefix(kind: NodeAlarm['kind'], clusterId: string): string {
  return `${kind} cluster ${clusterId} node `;
}

function missingNode({ id, name, state, member }: ServerOnFile, nodes: ReadonlyMap<string, NodeSeen>): NodeAlarm[] {
  // Only while it serves nobody of us is at work on the Node: every other state deletes it, makes it, or waits for it.
  // Without a uid nobody saw it as a Node yet: its provisioning waits for that and says so itself.
  if (!isServing(state) || member === null || member.nodeUid === null) return [];
  const now = nodes.get(member.nodeName);
  if (now?.uid === member.nodeUid || now?.serverId === id) return [];
  const { nodeName, nodeUid } = member;
  return [{ kind: 'node_deleted_by_hand', serverId: id, serverName: name, nodeName, nodeUid }];
}

function adoption({ id, state, member }: ServerOnFile, nodes: ReadonlyMap<string, NodeSeen>): Adoption[] {
  if (!isServing(state) || member === null || member.nodeUid === null) return [];
  const now = nodes.get(member.nodeName);
  if (!now || now.uid === member.nodeUid || now.serverId !== id) return [];
  return [{ serverId: id, nodeName: member.nodeName, before: member.nodeUid, nodeUid: now.uid }];
}

type Index = {
  members: ReadonlyMap<string, ServerOnFile>;
  byId: ReadonlyMap<string, ServerOnFile>;
  byName: ReadonlyMap<string, ServerOnFile>;
  byAddress: ReadonlyMap<string, ServerOnFile>;
};

function indexOf(servers: readonly ServerOnFile[]): Index {
  return {
    members: new Map(servers.flatMap((server) => (server.member ? [[server.member.nodeName, server]] : []))),
    byId: new Map(servers.map((server) => [server.id, server])),
    byName: new Map(servers.map((server) => [server.name.toLowerCase(), server])),
    byAddress: new Map(servers.flatMap((server) => (server.address === null ? [] : [[server.address, server]]))),
  };
}

function unvouchedNode({ name, uid, serverId, addresses }: NodeSeen, { members, byId, byName, byAddress }: Index): NodeAlarm[] {
  if (members.has(name)) return [];
  const candidates: [KnownBy, ServerOnFile | undefined][] = [
    ['label', byId.get(serverId ?? '')],
    ['name', byName.get(name.toLowerCase())],
    ['address', addresses.map((address) => byAddress.get(address)).find((server) => server !== undefined)],
  ];
  for (const [knownBy, server] of candidates) {
    // One that serves here under another name cannot be this Node as well: somebody cloned its disk or its label.
    if (!server || server.member !== null) continue;
    const { id, name: serverName } = server;
    return [{ kind: 'node_of_released_server', serverId: id, serverName, nodeName: name, nodeUid: uid, knownBy }];
  }
  return [{ kind: 'node_without_server', nodeName: name, nodeUid: uid }];
}

// The pod network of a node without a CNI DaemonSet: a bridge, or a pair of veths per pod, with addresses from a range of this node's own.

export type PodNetwork =
  | {
      kind: 'bridge' | 'ptp' /** This node's range, `10.244.5.0/24`; no other node may have it. */;
      podCidr: string;
      mtu?: number;
    }
  /** A DaemonSet brings its own; until then the node is not Ready. */
  | { kind: 'external' };

/** The text of a `.conflist`, or undefined when somebody else writes one. */
export function cniConfig(network: PodNetwork): string | undefined {
  if (network.kind === 'external') return undefined;
  const ipam = { type: 'host-local', ranges: [[{ subnet: network.podCidr }]], routes: [{ dst: '0.0.0.0/0' }] };
  const mtu = network.mtu === undefined ? {} : { mtu: network.mtu };
  const main =
    network.kind === 'bridge'
      ? { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true, hairpinMode: true, ...mtu, ipam }
      : { type: 'ptp', ipMasq: true, ...mtu, ipam };
  const list = {
    cniVersion: '0.4.0',
    name: 'rackwright',
    plugins: [main, { type: 'portmap', capabilities: { portMappings: true } }],
  };
  return `${JSON.stringify(list, null, 2)}\n`;
}

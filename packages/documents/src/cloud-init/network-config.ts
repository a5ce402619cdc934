// NoCloud's network-config, version 2 (netplan's format): the boot NIC by its MAC, never by its name.
import { quoted } from './yaml-text.ts';

export type NodeNetwork =
  | { kind: 'dhcp'; mac: string }
  | {
      kind: 'static';
      mac: string;
      /** With its prefix: `10.77.0.31/24`. */
      address: string;
      gateway?: string;
      nameServers: readonly string[];
    };

export function networkConfig(network: NodeNetwork): string {
  return [
    'version: 2',
    'ethernets:',
    '  boot:',
    '    match:',
    `      macaddress: ${quoted(network.mac)}`,
    // Without it systemd-networkd's client id is a DUID and a server that keys on it would give another address than at PXE.
    ...(network.kind === 'dhcp' ? ['    dhcp4: true', '    dhcp-identifier: mac'] : staticLines(network)),
    '    dhcp6: false',
    '    accept-ra: false',
    '',
  ].join('\n');
}

function staticLines(network: Extract<NodeNetwork, { kind: 'static' }>): string[] {
  return [
    '    dhcp4: false',
    '    addresses:',
    `      - ${quoted(network.address)}`,
    ...(network.gateway === undefined ? [] : ['    routes:', '      - to: default', `        via: ${quoted(network.gateway)}`]),
    ...(network.nameServers.length === 0
      ? []
      : ['    nameservers:', '      addresses:', ...network.nameServers.map((server) => `        - ${quoted(server)}`)]),
  ];
}

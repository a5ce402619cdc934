// What holds for whoever asks from an address: the policy of the provisioning network that the address belongs to.
import { bootPolicy, type BootNetwork } from './boot-network.ts';
import { inSubnet, parseIpv4, parseSubnet } from './dhcp/ipv4.ts';
import type { BootNetwork as HttpNetwork } from './http/needs.ts';

export function containsAddress(subnet: string, address: string): boolean {
  const range = parseSubnet(subnet);
  return range !== undefined && inSubnet(range, parseIpv4(address));
}

/** From outside every network of ours: known servers are served, strangers are left alone. */
export function networkPolicy(networks: readonly BootNetwork[], address: string): HttpNetwork {
  const network = networks.find(({ subnet }) => containsAddress(subnet, address));
  if (!network)
    return { policy: { unknownServers: 'ignore', architectures: ['bios_x86', 'uefi_x64'] }, reservedAddressRequired: false };
  return { policy: bootPolicy(network), reservedAddressRequired: network.mode === 'authoritative' || network.mode === 'pool' };
}

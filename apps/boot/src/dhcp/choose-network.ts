// Which of our networks a DHCP packet came from: by its relay, by the address the client has, else by the socket it arrived at.
import type { DhcpRequest } from '@rackwright/protocols/dhcp/read-request.ts';
import type { BootNetwork } from '../boot-network.ts';
import { inSubnet, parseIpv4, parseSubnet } from './ipv4.ts';

export const NO_ADDRESS = '0.0.0.0';

/** @param local  the network the socket is on; undefined when only relays talk to us */
export function chooseNetwork(
  networks: readonly BootNetwork[],
  local: string | undefined,
  request: DhcpRequest,
): BootNetwork | undefined {
  const { giaddr, ciaddr } = request.packet;
  // RFC 3527: the relay's own address may be on another network than its client.
  if (giaddr !== NO_ADDRESS) return networkOf(networks, request.relay?.linkSelection ?? giaddr);
  if (ciaddr !== NO_ADDRESS) return networkOf(networks, ciaddr);
  return networks.find(({ networkId }) => networkId === local);
}

/** A network whose subnet is nonsense holds no address: one bad record must not silence the others. */
export function isOnNetwork(network: BootNetwork, address: string): boolean {
  const subnet = parseSubnet(network.subnet);
  return subnet !== undefined && inSubnet(subnet, parseIpv4(address));
}

function networkOf(networks: readonly BootNetwork[], address: string): BootNetwork | undefined {
  return networks.find((network) => isOnNetwork(network, address));
}

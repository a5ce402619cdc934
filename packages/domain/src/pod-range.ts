// Which part of a cluster's pod network belongs to which node, where no controller hands the parts out.

/**
 * The node's own /24, numbered by its place in the provisioning network: two nodes of one network never share one.
 * @param podCidr      for example `10.244.0.0/16`
 * @param networkCidr  the provisioning network, for example `10.77.0.0/24`
 * @param address      the node's address there
 * @returns undefined when the pod network is too small for that node, or something is no IPv4 range
 */
export function podRangeOf(podCidr: string, networkCidr: string, address: string): string | undefined {
  const pods = readCidr(podCidr);
  const network = readCidr(networkCidr);
  const host = readAddress(address);
  if (!pods || !network || host === undefined || pods.bits > 24) return undefined;
  const number = host - network.first;
  if (number < 0 || number >= 2 ** (24 - pods.bits)) return undefined;
  return `${sayAddress(pods.first + number * 256)}/24`;
}

function readCidr(text: string): { first: number; bits: number } | undefined {
  const [address = '', prefix = ''] = text.split('/');
  const value = readAddress(address);
  if (value === undefined || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return undefined;
  const size = 2 ** (32 - Number(prefix));
  return { first: Math.floor(value / size) * size, bits: Number(prefix) };
}

function readAddress(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + part, 0);
}

function sayAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

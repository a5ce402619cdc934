// IPv4 addresses as numbers: subnets, ranges, broadcast.

/** Undefined when the text is not four numbers with dots. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((address, part) => address * 256 + Number(part), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

export type Subnet = { first: number; last: number; mask: number };

/** From `10.77.0.0/24`; undefined when it is no subnet. */
export function parseSubnet(cidr: string): Subnet | undefined {
  const [text = '', length = ''] = cidr.split('/');
  const address = parseIpv4(text);
  if (address === undefined || !/^\d{1,2}$/.test(length) || Number(length) > 32) return undefined;
  const mask = length === '0' ? 0 : (0xffffffff << (32 - Number(length))) >>> 0;
  const first = (address & mask) >>> 0;
  return { first, last: (first | ~mask) >>> 0, mask };
}

export function inSubnet(subnet: Subnet, address: number | undefined): boolean {
  return address !== undefined && address >= subnet.first && address <= subnet.last;
}

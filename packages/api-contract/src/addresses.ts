// IPv4 addresses as numbers, to say what lies in a network. Texts are checked for their form elsewhere.

export type Network = { first: number; last: number; prefix: number };

export function addressNumber(text: string): number {
  return text.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** `10.77.0.0/24`; host bits are ignored. */
export function readNetwork(cidr: string): Network {
  const [address = '', bits = '32'] = cidr.split('/');
  const prefix = Number(bits);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(addressNumber(address) / size) * size;
  return { first, last: first + size - 1, prefix };
}

export function hasHostBits(cidr: string): boolean {
  return addressNumber(cidr.split('/')[0] ?? '') !== readNetwork(cidr).first;
}

/** Can a host have this address? Not the network's own and not broadcast, except in /31 (RFC 3021) and /32. */
export function isHostAddress(cidr: string, address: string): boolean {
  const { first, last, prefix } = readNetwork(cidr);
  const number = addressNumber(address);
  if (prefix >= 31) return number >= first && number <= last;
  return number > first && number < last;
}

export function liesBetween(address: string, first: string, last: string): boolean {
  const number = addressNumber(address);
  return addressNumber(first) <= number && number <= addressNumber(last);
}

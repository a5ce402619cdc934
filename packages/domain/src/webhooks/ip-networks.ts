// IP addresses as numbers, both families, to say whether one lies in a network. Names are not looked up here.

export type IpAddress = { family: 4 | 6; value: bigint };
export type IpNetwork = { family: 4 | 6; first: bigint; prefix: number };

const BITS = { 4: 32, 6: 128 } as const;

/** Undefined when the text is no address: four decimal parts, or RFC 4291 section 2.2 (also with an IPv4 tail). No zones. */
export function readIp(text: string): IpAddress | undefined {
  if (text.includes(':')) {
    const value = readIpv6(text);
    return value === undefined ? undefined : { family: 6, value };
  }
  const value = readIpv4(text);
  return value === undefined ? undefined : { family: 4, value };
}

/** `10.0.0.0/8`, `fd00::/8`; a bare address is a network of its own. Host bits are ignored. */
export function readIpNetwork(text: string): IpNetwork | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const ip = readIp(address);
  if (!ip || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const prefix = bits === undefined ? BITS[ip.family] : Number(bits);
  if (prefix > BITS[ip.family]) return undefined;
  return { family: ip.family, first: head(ip, prefix), prefix };
}

export function isInNetwork(ip: IpAddress, network: IpNetwork): boolean {
  return ip.family === network.family && head(ip, network.prefix) === network.first;
}

function head({ family, value }: IpAddress, prefix: number): bigint {
  const tail = BigInt(BITS[family] - prefix);
  return (value >> tail) << tail;
}

function readIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function readIpv6(text: string): bigint | undefined {
  const tail = /^(.*:)(\d[\d.]*\.\d+)$/.exec(text);
  if (tail) {
    const last = readIpv4(tail[2] ?? '');
    return last === undefined ? undefined : readIpv6(`${tail[1]}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`);
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

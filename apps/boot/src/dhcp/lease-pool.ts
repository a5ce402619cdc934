// Addresses for servers nobody has told us about: in memory, bounded by the range, each for a time.
import { formatIpv4, parseIpv4 } from './ipv4.ts';

export type LeasePoolOptions = {
  first: string;
  last: string;
  leaseMs: number;
  /** Reserved for somebody, or ours: never handed out. */
  isTaken: (address: string) => boolean;
};

export interface LeasePool {
  /** An address held for a minute, until the client asks for it; undefined when the pool is used up. */
  offer(mac: string, wanted: string | undefined, now: number): string | undefined;
  /** Takes or prolongs a lease. False when the address is not this client's to have. */
  confirm(mac: string, address: string, now: number): boolean;
  release(mac: string, address: string): void;
  /** Somebody else was found at this address: keep it out for a while. */
  decline(mac: string, address: string, now: number): void;
  /** What the client holds now. */
  held(mac: string, now: number): string | undefined;
  readonly size: number;
}

type Lease = { mac: string; address: number; until: number };

const OFFER_MS = 60_000;
const DECLINE_MS = 600_000;
const LARGEST_POOL = 65_536;
const NOBODY = '';

/** Throws RangeError for a range that is empty or too large. */
export function leasePool({ first, last, leaseMs, isTaken }: LeasePoolOptions): LeasePool {
  const from = parseIpv4(first);
  const size = from === undefined ? Number.NaN : (parseIpv4(last) ?? Number.NaN) - from + 1;
  if (from === undefined || !(size > 0) || size > LARGEST_POOL)
    throw new RangeError(`not a pool of 1 to ${LARGEST_POOL} addresses: ${first} to ${last}`);
  const start = from;
  const byMac = new Map<string, Lease>();
  const byAddress = new Map<number, Lease>();
  // Set after a search in vain: a flood of strangers must not make each packet walk the whole range.
  let fullUntil = 0;

  const inRange = (address: number | undefined): address is number =>
    address !== undefined && address >= start && address < start + size;

  function freeFor(mac: string, address: number, now: number): boolean {
    const lease = byAddress.get(address);
    return (lease === undefined || lease.until <= now || lease.mac === mac) && !isTaken(formatIpv4(address));
  }

  function drop(lease: Lease | undefined): void {
    if (lease === undefined) return;
    if (byAddress.get(lease.address) === lease) byAddress.delete(lease.address);
    if (byMac.get(lease.mac) === lease) byMac.delete(lease.mac);
    fullUntil = 0;
  }

  function hold(mac: string, address: number, until: number): void {
    const own = byMac.get(mac);
    if (own?.address !== address) drop(own);
    drop(byAddress.get(address));
    const lease = { mac, address, until };
    byAddress.set(address, lease);
    if (mac !== NOBODY) byMac.set(mac, lease);
  }

  // From a place given by the MAC, so that two replicas that know the same propose the same.
  function search(mac: string, now: number): number | undefined {
    if (now < fullUntil) return undefined;
    const place = hash(mac) % size;
    let soonest = now + OFFER_MS;
    for (let n = 0; n < size; n++) {
      const address = start + ((place + n) % size);
      if (freeFor(mac, address, now)) return address;
      soonest = Math.min(soonest, byAddress.get(address)?.until ?? soonest);
    }
    fullUntil = soonest;
    return undefined;
  }

  return {
    offer(mac, wanted, now) {
      const own = byMac.get(mac);
      if (own && freeFor(mac, own.address, now)) {
        hold(mac, own.address, Math.max(own.until, now + OFFER_MS));
        return formatIpv4(own.address);
      }
      const asked = wanted === undefined ? undefined : parseIpv4(wanted);
      const address = inRange(asked) && freeFor(mac, asked, now) ? asked : search(mac, now);
      if (address === undefined) return undefined;
      hold(mac, address, now + OFFER_MS);
      return formatIpv4(address);
    },
    confirm(mac, text, now) {
      const address = parseIpv4(text);
      if (!inRange(address) || !freeFor(mac, address, now)) return false;
      // A lease from before our restart, or another replica's offer, is taken over as long as nobody else has it.
      const own = byMac.get(mac);
      if (own && own.until > now && own.address !== address) return false;
      hold(mac, address, now + leaseMs);
      return true;
    },
    release(mac, text) {
      const own = byMac.get(mac);
      if (own && own.address === parseIpv4(text)) drop(own);
    },
    decline(mac, text, now) {
      const own = byMac.get(mac);
      if (own && own.address === parseIpv4(text)) {
        drop(own);
        hold(NOBODY, own.address, now + DECLINE_MS);
      }
    },
    held(mac, now) {
      const own = byMac.get(mac);
      return own && own.until > now ? formatIpv4(own.address) : undefined;
    },
    get size() {
      return byAddress.size;
    },
  };
}

/** FNV-1a: spreads MACs that differ in one digit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) value = Math.imul(value ^ text.charCodeAt(n), 0x01000193) >>> 0;
  return value;
}

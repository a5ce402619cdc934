// Addresses for servers nobody has told us about: in memory, bounded by the range, each for a time.
import { formatIpv4, parseIpv4 } from './ipv4.ts';
import { leaseTable, type LeaseTable, NOBODY } from './lease-table.ts';

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

const OFFER_MS = 60_000;
const DECLINE_MS = 600_000;
const LARGEST_POOL = 65_536;

/** Throws RangeError for a range that is empty or too large. */
export function leasePool({ first, last, leaseMs, isTaken }: LeasePoolOptions): LeasePool {
  const range = rangeOf(first, last);
  // Set after a search in vain: a flood of strangers must not make each packet walk the whole range.
  let fullUntil = 0;
  const leases = leaseTable(() => {
    fullUntil = 0;
  });
  const isFreeFor = (mac: string, address: number, now: number): boolean =>
    isUnleased(leases, mac, address, now) && !isTaken(formatIpv4(address));

  // From a place given by the MAC, so that two replicas that know the same propose the same.
  function search(mac: string, now: number): number | undefined {
    if (now < fullUntil) return undefined;
    const place = hash(mac) % range.size;
    let soonest = now + OFFER_MS;
    for (let n = 0; n < range.size; n++) {
      const address = range.start + ((place + n) % range.size);
      if (isFreeFor(mac, address, now)) return address;
      soonest = Math.min(soonest, leases.at(address)?.until ?? soonest);
    }
    fullUntil = soonest;
    return undefined;
  }

  return {
    offer(mac, wanted, now) {
      const own = leases.of(mac);
      if (own && isFreeFor(mac, own.address, now)) {
        leases.hold({ mac, address: own.address, until: Math.max(own.until, now + OFFER_MS) });
        return formatIpv4(own.address);
      }
      const asked = wanted === undefined ? undefined : parseIpv4(wanted);
      const address = isWithin(range, asked) && isFreeFor(mac, asked, now) ? asked : search(mac, now);
      if (address === undefined) return undefined;
      leases.hold({ mac, address, until: now + OFFER_MS });
      return formatIpv4(address);
    },
    confirm(mac, text, now) {
      const address = parseIpv4(text);
      if (!isWithin(range, address) || !isFreeFor(mac, address, now)) return false;
      // A lease from before our restart, or another replica's offer, is taken over as long as nobody else has it.
      const own = leases.of(mac);
      if (own && own.until > now && own.address !== address) return false;
      leases.hold({ mac, address, until: now + leaseMs });
      return true;
    },
    release(mac, text) {
      const own = leases.ofAt(mac, parseIpv4(text));
      if (own) leases.drop(own);
    },
    decline(mac, text, now) {
      const own = leases.ofAt(mac, parseIpv4(text));
      if (own) leases.hold({ mac: NOBODY, address: own.address, until: now + DECLINE_MS });
    },
    held(mac, now) {
      const own = leases.of(mac);
      return own && own.until > now ? formatIpv4(own.address) : undefined;
    },
    get size() {
      return leases.size;
    },
  };
}

type Range = { start: number; size: number };

function rangeOf(first: string, last: string): Range {
  const start = parseIpv4(first);
  const size = start === undefined ? Number.NaN : (parseIpv4(last) ?? Number.NaN) - start + 1;
  if (start === undefined || !(size > 0) || size > LARGEST_POOL)
    throw new RangeError(`not a pool of 1 to ${LARGEST_POOL} addresses: ${first} to ${last}`);
  return { start, size };
}

function isWithin({ start, size }: Range, address: number | undefined): address is number {
  return address !== undefined && address >= start && address < start + size;
}

function isUnleased(leases: LeaseTable, mac: string, address: number, now: number): boolean {
  const lease = leases.at(address);
  return lease === undefined || lease.until <= now || lease.mac === mac;
}

/** FNV-1a: spreads MACs that differ in one digit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) value = Math.imul(value ^ text.charCodeAt(n), 0x01000193) >>> 0;
  return value;
}

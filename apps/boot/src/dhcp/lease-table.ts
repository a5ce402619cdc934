// Who holds which address until when: at most one address a MAC and one MAC an address.

export type Lease = { mac: string; address: number; until: number };

/** Holds an address that nobody may have; has no address of its own. */
export const NOBODY = '';

export interface LeaseTable {
  of(mac: string): Lease | undefined;
  at(address: number): Lease | undefined;
  /** The MAC's lease when it is of this very address. */
  ofAt(mac: string, address: number | undefined): Lease | undefined;
  /** Takes the address from whoever had it, and the MAC's other address from the MAC. */
  hold(lease: Lease): void;
  drop(lease: Lease): void;
  readonly size: number;
}

/** @param onFreed  called whenever a lease goes */
export function leaseTable(onFreed: () => void): LeaseTable {
  const byMac = new Map<string, Lease>();
  const byAddress = new Map<number, Lease>();

  function drop(lease: Lease | undefined): void {
    if (lease === undefined) return;
    if (byAddress.get(lease.address) === lease) byAddress.delete(lease.address);
    if (byMac.get(lease.mac) === lease) byMac.delete(lease.mac);
    onFreed();
  }

  return {
    of: (mac) => byMac.get(mac),
    at: (address) => byAddress.get(address),
    ofAt(mac, address) {
      const own = byMac.get(mac);
      return own?.address === address ? own : undefined;
    },
    hold(lease) {
      const own = byMac.get(lease.mac);
      if (own?.address !== lease.address) drop(own);
      drop(byAddress.get(lease.address));
      byAddress.set(lease.address, lease);
      if (lease.mac !== NOBODY) byMac.set(lease.mac, lease);
    },
    drop,
    get size() {
      return byAddress.size;
    },
  };
}

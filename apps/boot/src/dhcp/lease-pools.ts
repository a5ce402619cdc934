// The pool of each network that has one, made when first needed and anew when its range changes.
import type { BootIndex } from '../boot-index.ts';
import type { BootNetwork } from '../boot-network.ts';
import { type LeasePool, leasePool } from './lease-pool.ts';

/** Networks come and go by configuration, which keeps the number of pools small; pools of networks that are gone go with them. */
export function leasePools(
  networks: () => readonly BootNetwork[],
  index: BootIndex,
  onFault: (cause: unknown) => void,
): (networkId: string) => LeasePool | undefined {
  const pools = new Map<string, { range: string; pool: LeasePool | undefined }>();

  // A range that is no range is told once and gives nothing: reservations on that network go on being served.
  function make(network: BootNetwork, range: { first: string; last: string }): LeasePool | undefined {
    const ours = new Set([network.serverAddress, network.router, ...network.dnsServers]);
    const isTaken = (address: string) => ours.has(address) || index.byAddress(address) !== undefined;
    try {
      return leasePool({ ...range, leaseMs: network.leaseSeconds * 1_000, isTaken });
    } catch (cause) {
      onFault(cause);
      return undefined;
    }
  }

  return (networkId) => {
    const current = networks();
    for (const known of pools.keys()) if (!current.some((network) => network.networkId === known)) pools.delete(known);
    const network = current.find((candidate) => candidate.networkId === networkId);
    if (network?.pool === undefined) return undefined;
    const range = `${network.pool.first} ${network.pool.last} ${network.leaseSeconds} ${network.serverAddress}`;
    const known = pools.get(networkId);
    if (known?.range === range) return known.pool;
    const pool = make(network, network.pool);
    pools.set(networkId, { range, pool });
    return pool;
  };
}

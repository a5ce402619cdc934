// The provisioning networks as the packet path sees them: read from the store now and then, answered from memory.
import { seconds } from '@rackwright/domain/durations.ts';
import type { NetworkRecord } from '@rackwright/store/inventory/places.ts';
import { DEFAULT_BOOT_FILES, type BootNetwork } from './boot-network.ts';

export type Networks = { all(): readonly BootNetwork[]; refresh(): Promise<void>; close(): void };

export type OwnPlace = { serverAddress: string; bootUrl: string };

const LEASE_SECONDS = 3_600;

/** Ends when the networks are known. */
export async function followNetworks(
  list: () => Promise<readonly NetworkRecord[]>,
  own: OwnPlace,
  onFault: (cause: unknown) => void,
): Promise<Networks> {
  let networks: readonly BootNetwork[] = [];
  const refresh = async (): Promise<void> => {
    networks = (await list()).map((record) => networkOf(record, own));
  };
  await refresh();
  const timer = setInterval(() => void refresh().catch(onFault), seconds(2));
  timer.unref();
  return { all: () => networks, refresh, close: () => clearInterval(timer) };
}

function networkOf(record: NetworkRecord, own: OwnPlace): BootNetwork {
  const { id, dhcp, cidr, gateway, dns, domain, ntp, poolFirst, poolLast } = record;
  return {
    networkId: id,
    mode: dhcp,
    subnet: cidr,
    serverAddress: own.serverAddress,
    ...(gateway === null ? {} : { router: gateway }),
    dnsServers: dns,
    ...(domain === null ? {} : { domain }),
    ntpServers: ntp,
    ...(poolFirst === null || poolLast === null ? {} : { pool: { first: poolFirst, last: poolLast } }),
    leaseSeconds: LEASE_SECONDS,
    unknownServers: dhcp === 'pool' ? 'discover' : 'ignore',
    bootUrl: own.bootUrl,
    bootFiles: DEFAULT_BOOT_FILES,
  };
}

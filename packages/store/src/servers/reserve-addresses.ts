// The address that a server keeps on its provisioning network: the one asked for, or the next free one.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { NetworkId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { Transaction } from '../transaction.ts';

type Placed = { id: ServerId; siteId: SiteId; networkId: NetworkId | null; address: string | null };
type NetworkRow = { id: NetworkId; cidr: string; givesAddresses: boolean };

/**
 * The same servers with their network and address filled in. Locks the networks, so that two at once cannot take the same address.
 * Refusals: `address_outside_network`, `address_in_pool`; an address that is taken breaks a constraint.
 */
export async function reserveAddresses<S extends Placed>(tx: Transaction, servers: readonly S[]): Promise<S[]> {
  const only = await onlyNetworks(tx, [...new Set(servers.filter((s) => s.networkId === null).map((s) => s.siteId))]);
  const placed = servers.map((server) => ({ ...server, networkId: server.networkId ?? only.get(server.siteId) ?? null }));
  const wanted = [...new Set(placed.flatMap(({ networkId }) => (networkId === null ? [] : [networkId])))].sort();
  for (const networkId of wanted) {
    const here = placed.filter((server) => server.networkId === networkId);
    const [network] = await tx.query<NetworkRow>(
      `select id, cidr::text as cidr, dhcp in ('authoritative', 'pool') as "givesAddresses" from networks where id = $1 for no key update`,
      [networkId],
    );
    // The foreign key says so in its own words.
    if (!network) continue;
    const asked = here.flatMap(({ address }) => (address === null ? [] : [address]));
    await refuseUnusable(tx, network, asked);
    if (!network.givesAddresses) continue;
    const without = here.filter(({ address }) => address === null);
    const free = await freeAddresses(tx, networkId, asked, without.length);
    // A full network is no reason not to put a server on file; it shows no address.
    without.forEach((server, i) => {
      server.address = free[i] ?? null;
    });
  }
  return placed;
}

async function onlyNetworks(tx: Transaction, siteIds: SiteId[]): Promise<Map<SiteId, NetworkId>> {
  if (siteIds.length === 0) return new Map();
  const rows = await tx.query<{ siteId: SiteId; id: NetworkId }>(
    `select site_id as "siteId", min(id) as id from networks where site_id = any($1) group by site_id having count(*) = 1`,
    [siteIds],
  );
  return new Map(rows.map(({ siteId, id }) => [siteId, id]));
}

async function refuseUnusable(tx: Transaction, network: NetworkRow, asked: string[]): Promise<void> {
  if (asked.length === 0) return;
  const [odd] = await tx.query<{ address: string; inPool: boolean }>(
    `select host(a) as address, coalesce(a between n.pool_first and n.pool_last, false) as "inPool"
       from networks n, unnest($2::inet[]) a
      where n.id = $1 and (not a << n.cidr or a in (set_masklen(n.cidr, 32), set_masklen(broadcast(n.cidr), 32))
                           or a between n.pool_first and n.pool_last) limit 1`,
    [network.id, asked],
  );
  if (!odd) return;
  if (odd.inPool) throw new Refusal('address_in_pool', { address: odd.address });
  throw new Refusal('address_outside_network', { address: odd.address, cidr: network.cidr });
}

/** Hosts looked at first; each next look takes twice as many. A large network is mostly empty, and counting all of it takes long. */
const FIRST_LOOK = 256;
const MOST_HOSTS = 2 ** 24;

/**
 * Lowest first; never the network's own, its broadcast, its gateway, its name servers or its pool. In a network of 32 addresses or more
 * the first nine hosts are left to what is there before any server: router, switches, our own boot services.
 */
async function freeAddresses(tx: Transaction, networkId: NetworkId, asked: string[], count: number): Promise<string[]> {
  const free: string[] = [];
  for (let from = 0, hosts = FIRST_LOOK; free.length < count && from < MOST_HOSTS; from += hosts, hosts *= 2) {
    const rows = await tx.query<{ address: string | null; more: boolean }>(FREE_AMONG, [
      networkId,
      asked,
      count - free.length,
      from,
      from + hosts - 1,
    ]);
    free.push(...rows.flatMap(({ address }) => address ?? []));
    if (!rows[0]?.more) break;
  }
  return free;
}

/** One row without an address when none is free among these hosts; `more`: the network has hosts behind them. */
const FREE_AMONG = `
  with network as (
    select *, case when masklen(cidr) <= 27 then 10 else 1 end as first, (1::bigint << (32 - masklen(cidr))) - 2 as last
      from networks where id = $1),
  free as (
    select host(a) as address, i
      from network n
      cross join lateral generate_series(greatest(n.first, $4::bigint), least(n.last, $5::bigint)) i
      cross join lateral set_masklen(n.cidr + i, 32) a
     where a is distinct from n.gateway and host(a) <> all(n.dns) and (n.pool_first is null or a not between n.pool_first and n.pool_last)
       and a <> all($2::inet[]) and not exists (select from servers s where s.network_id = n.id and s.address = a)
     order by i limit $3)
  select free.address, n.last > $5::bigint as more from network n left join free on true order by free.i`;

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

/**
 * Lowest first; never the network's own, its broadcast, its gateway, its name servers or its pool. In a network of 32 addresses or more
 * the first nine hosts are left to what is there before any server: router, switches, our own boot services.
 */
async function freeAddresses(tx: Transaction, networkId: NetworkId, asked: string[], count: number): Promise<string[]> {
  if (count === 0) return [];
  const rows = await tx.query<{ address: string }>(FREE_IN, [networkId, asked, count]);
  return rows.map(({ address }) => address);
}

/**
 * What is taken, sorted once, and the gaps between. Whether each host is taken must not be asked one by one: while servers are put on
 * file, Postgres has no statistics of them yet and answers by comparing every host with every server.
 */
const FREE_IN = `
  with network as (
    select *, case when masklen(cidr) <= 27 then 10 else 1 end as first, (1::bigint << (32 - masklen(cidr))) - 2 as last
      from networks where id = $1),
  taken as (
    select 0::bigint as low, n.first - 1::bigint as high from network n
    union all select n.last + 1, n.last + 1 from network n
    union all select n.pool_first - n.cidr, n.pool_last - n.cidr from network n where n.pool_first is not null
    union all select a - n.cidr, a - n.cidr
      from network n, unnest(n.dns::inet[] || $2::inet[] || array_remove(array[n.gateway], null)) a where a << n.cidr
    union all select s.address - n.cidr, s.address - n.cidr
      from network n join servers s on s.network_id = n.id where s.address is not null),
  gaps as (
    select 1 + max(high) over (order by low) as low, lead(low) over (order by low) - 1 as high from taken),
  wanted as (
    select low, high, sum(high - low + 1) over (order by low) - (high - low + 1) as before from gaps where low <= high)
  select host(n.cidr + i) as address
    from network n cross join wanted w cross join lateral generate_series(w.low, least(w.high, w.low + $3::bigint - 1)) i
   where w.before < $3::bigint order by i limit $3::bigint`;

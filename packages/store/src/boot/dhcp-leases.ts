// Addresses lent to strangers, and the strangers themselves: bounded, because anybody on the network can ask.
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { NetworkId } from '@rackwright/domain/ids.ts';
import type { Database } from '../database.ts';
import { portOf } from '../inventory/discoveries.ts';
import { inTransaction, type Transaction } from '../transaction.ts';

export type DhcpLease = {
  networkId: NetworkId;
  mac: string;
  address: string /** Milliseconds since the epoch. */;
  expiresAt: number;
};

export type Sighting = { mac: string; networkId: NetworkId | null; architecture: string; vendorClass: string };

/** More strangers than this are forgotten, those first that were not seen for longest. */
const MOST_STRANGERS = 10_000;

export function postgresDhcpLeases(database: Database) {
  return {
    /** Of several in one batch that want the same address, the last one has it. Leases of networks that are gone are left out. */
    async save(leases: readonly DhcpLease[]): Promise<void> {
      const byAddress = new Map(leases.map((lease) => [`${lease.networkId} ${lease.address}`, lease]));
      const byMac = new Map([...byAddress.values()].map((lease) => [`${lease.networkId} ${lease.mac}`, lease]));
      if (byMac.size === 0) return;
      const batch = JSON.stringify([...byMac.values()]);
      await inTransaction(database, async (tx) => {
        // A client that moved gives up its earlier address; so does who had this one.
        await tx.query(
          `delete from dhcp_leases l using jsonb_to_recordset($1) b("networkId" text, mac text, address inet)
            where l.network_id = b."networkId" and (l.mac = b.mac) <> (l.address = b.address)`,
          [batch],
        );
        await tx.query(
          `insert into dhcp_leases (network_id, address, mac, expires_at)
           select b."networkId", b.address, b.mac, to_timestamp(b."expiresAt" / 1000.0)
             from jsonb_to_recordset($1) b("networkId" text, mac text, address inet, "expiresAt" float8)
             join networks n on n.id = b."networkId"
           on conflict (network_id, address) do update set mac = excluded.mac, expires_at = excluded.expires_at`,
          [batch],
        );
      });
    },

    /** Those that still hold. */
    async load(): Promise<DhcpLease[]> {
      const rows = await database.prisma.dhcpLease.findMany({ where: { expiresAt: { gt: new Date() } } });
      return rows.map(({ networkId, mac, address, expiresAt }) => {
        return { networkId: networkId as NetworkId, mac, address: withoutMask(address), expiresAt: expiresAt.getTime() };
      });
    },
  };
}

export type UnknownServer = Sighting & {
  firstSeenAt: string;
  lastSeenAt: string;
  sightings: number;
  inspection: Inspection | null;
};

export function postgresUnknownServers(database: Database) {
  return {
    /** NICs that belong to a server on file are left out. */
    saw: (sightings: readonly Sighting[]): Promise<void> =>
      inTransaction(database, async (tx) => {
        const batch = [...new Map(sightings.map((sighting) => [sighting.mac.toLowerCase(), sighting])).entries()];
        await forgiveMoved(tx, batch);
        const fresh = await tx.query<{ mac: string; isNew: boolean }>(
          `insert into unknown_macs (mac, network_id, architecture, vendor_class)
           select b.mac, b."networkId", left(b.architecture, 64), left(b."vendorClass", 128)
             from jsonb_to_recordset($1) b(mac text, "networkId" text, architecture text, "vendorClass" text)
            where not exists (select from nics i where i.mac = b.mac)
            order by b.mac
           on conflict (mac) do update
             set last_seen_at = clock_timestamp(), sightings = unknown_macs.sightings + 1, network_id = excluded.network_id,
                 architecture = excluded.architecture, vendor_class = excluded.vendor_class
           returning mac, xmax = 0 as "isNew"`,
          [JSON.stringify(batch.map(([mac, sighting]) => ({ ...sighting, mac })))],
        );
        for (const { mac, isNew } of fresh)
          if (isNew) tx.emit({ kind: 'unknown_mac.seen', subject: { kind: 'unknown_mac', id: mac } });
        if (fresh.some(({ isNew }) => isNew)) await forgetOldest(tx);
      }),

    /** What the agent counted in a stranger. It may come before DHCP's own word of it, which is told in batches. */
    inspected: (mac: string, inspection: Inspection): Promise<void> =>
      inTransaction(database, async (tx) => {
        const id = mac.toLowerCase();
        const [counted] = await tx.query<{ isNew: boolean }>(
          `insert into unknown_macs (mac, inspection) select $1, $2 where not exists (select from nics i where i.mac = $1)
           on conflict (mac) do update set inspection = excluded.inspection, last_seen_at = clock_timestamp()
           returning xmax = 0 as "isNew"`,
          [id, JSON.stringify(inspection)],
        );
        if (!counted) return;
        const rewired = await tx.query(
          `update unknown_macs u set rejected_at = null
            where u.mac = $1 and u.rejected_at is not null and u.rejected_port <> ${portOf('u')} returning mac`,
          [id],
        );
        if (counted.isNew || rewired.length > 0) tx.emit({ kind: 'unknown_mac.seen', subject: { kind: 'unknown_mac', id } });
        if (counted.isNew) await forgetOldest(tx);
        tx.emit({ kind: 'unknown_mac.inspected', subject: { kind: 'unknown_mac', id } });
      }),

    /** Last seen first. @param limit  at most 1000 */
    async list(limit: number): Promise<UnknownServer[]> {
      const rows = await database.prisma.unknownMac.findMany({ orderBy: { lastSeenAt: 'desc' }, take: Math.min(limit, 1000) });
      return rows.map((row) => ({
        ...row,
        networkId: row.networkId as NetworkId | null,
        firstSeenAt: row.firstSeenAt.toISOString(),
        lastSeenAt: row.lastSeenAt.toISOString(),
        sightings: Number(row.sightings),
        inspection: row.inspection as Inspection | null,
      }));
    },
  };
}

/** Postgres writes an inet of one machine with its mask when Prisma asks. */
function withoutMask(address: string): string {
  return address.split('/')[0] ?? address;
}

/** Rejected where they stood then: on another network they are strangers again. */
async function forgiveMoved(tx: Transaction, batch: [mac: string, sighting: Sighting][]): Promise<void> {
  const moved = await tx.query<{ mac: string }>(
    `update unknown_macs u set rejected_at = null
       from jsonb_to_recordset($1) b(mac text, "networkId" text)
      where u.mac = b.mac and u.rejected_at is not null and u.rejected_network_id is distinct from b."networkId" returning u.mac`,
    [JSON.stringify(batch.map(([mac, { networkId }]) => ({ mac, networkId })))],
  );
  for (const { mac } of moved) tx.emit({ kind: 'unknown_mac.seen', subject: { kind: 'unknown_mac', id: mac } });
}

async function forgetOldest(tx: Transaction): Promise<void> {
  await tx.query(
    `delete from unknown_macs where mac in (select mac from unknown_macs order by last_seen_at desc offset ${MOST_STRANGERS})`,
  );
}

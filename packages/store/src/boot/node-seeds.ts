// The installed system of a server: who it is, who fetched its user data, what it said of itself.
import type { NetworkId, OperationId, ServerId } from '@rackwright/domain/ids.ts';
import type { Assignment } from '@rackwright/domain/server.ts';
import type { Database } from '../database.ts';
import { inTransaction } from '../transaction.ts';

export type Installation = Assignment & {
  serverId: ServerId;
  /** The operation that installs or installed it; cloud-init's instance id. */
  instanceId: OperationId;
  /** MAC of the boot NIC. */
  mac: string | null;
  address: string | null;
  network: { id: NetworkId; cidr: string; gateway: string | null; dns: string[]; domain: string | null; ntp: string[] } | null;
  seedClaimed: boolean;
};

export type PhoneCall = {
  serverId: ServerId;
  instanceId: string;
  hostname: string;
  outcome: string;
  code: string;
  detail: string;
};

export function postgresNodeSeeds(database: Database) {
  return {
    /** Undefined when nothing is installed on the server. */
    async installation(serverId: ServerId): Promise<Installation | undefined> {
      const [row] = await database.query<Installation>(
        `select s.id as "serverId", a.operation_id as "instanceId", a.cluster_id as "clusterId", a.node_name as "nodeName",
                a.image_digest as "imageDigest", a.root_disk_serial as "rootDiskSerial", a.node_uid as "nodeUid",
                (select i.mac from nics i where i.server_id = s.id and i.boot) as mac, host(s.address) as address,
                case when n.id is not null then jsonb_build_object('id', n.id, 'cidr', n.cidr::text, 'gateway', host(n.gateway),
                       'dns', to_jsonb(n.dns), 'domain', n.domain, 'ntp', to_jsonb(n.ntp)) end as network,
                a.seed_claimed_at is not null as "seedClaimed"
           from allocations a join servers s on s.id = a.server_id left join networks n on n.id = s.network_id
          where a.server_id = $1`,
        [serverId],
      );
      return row;
    },

    /** True for the first caller of this installation, false for everybody after. */
    async claimUserData(serverId: ServerId, instanceId: string): Promise<boolean> {
      const claimed = await database.query(
        `update allocations set seed_claimed_at = clock_timestamp()
          where server_id = $1 and operation_id = $2 and seed_claimed_at is null returning server_id`,
        [serverId, instanceId],
      );
      return claimed.length > 0;
    },

    /** `stale`: of another installation than the current one. */
    phonedHome: (call: PhoneCall): Promise<'noted' | 'stale'> =>
      inTransaction(database, async (tx) => {
        const { serverId, instanceId, ...said } = call;
        const noted = await tx.query(
          `update allocations set phoned_home = $3, phoned_home_at = clock_timestamp()
            where server_id = $1 and operation_id = $2 returning server_id`,
          [serverId, instanceId, JSON.stringify(said)],
        );
        if (noted.length === 0) return 'stale';
        tx.emit({
          kind: 'server.phoned_home',
          subject: { kind: 'server', id: serverId },
          serverId,
          payload: { outcome: call.outcome, code: call.code },
        });
        return 'noted';
      }),
  };
}

// The sealed credentials of BMCs and clusters: how they go into their rows, and who gets them back.
import type { BmcCredentials, BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterId, ServerId } from '@rackwright/domain/ids.ts';
import { refuseDoubtfulPassword } from '../bmc-passwords/open-changes.ts';
import type { Sql } from '../database.ts';
import { endpointOf } from '../servers/read-server.ts';
import type { Keyring } from './keyring.ts';
import { seal, unseal } from './sealing.ts';

export type SealedRow = { keyId: string | null; nonce: Buffer | null; sealed: Buffer | null };

export type SealedColumns = {
  credentials_key_id: string | null;
  credentials_nonce: Uint8Array | null;
  credentials_sealed: Uint8Array | null;
};

/** Column → value; a null secret empties them. */
export function sealedColumns(keyring: Keyring, secret: string | null, belongsTo: string): SealedColumns {
  if (secret === null) return { credentials_key_id: null, credentials_nonce: null, credentials_sealed: null };
  const { keyId, nonce, sealed } = seal(keyring, secret, belongsTo);
  return { credentials_key_id: keyId, credentials_nonce: nonce, credentials_sealed: sealed };
}

const SEALED = 'credentials_key_id as "keyId", credentials_nonce as nonce, credentials_sealed as sealed';

function openRow(keyring: Keyring, { keyId, nonce, sealed }: SealedRow, belongsTo: string): string | undefined {
  if (keyId === null || nonce === null || sealed === null) return undefined;
  return unseal(keyring, { keyId, nonce, sealed }, belongsTo);
}

export type BmcAccess = {
  endpoint: BmcEndpoint;
  credentials: BmcCredentials /** Whose BMC it should be. */;
  serial: string | null;
};

/** For whoever talks to BMCs. Refusals `not_found`, `bmc_missing`; Faults of `unseal`, `bmc_password_changing`, `bmc_password_in_doubt`. */
export async function readBmcAccess(sql: Sql, keyring: Keyring, serverId: ServerId): Promise<BmcAccess> {
  await refuseDoubtfulPassword(sql, serverId);
  return readFiledCredentials(sql, keyring, serverId);
}

/** What is on file, also while nobody knows whether it is right: for whoever changes it. */
export async function readFiledCredentials(sql: Sql, keyring: Keyring, serverId: ServerId): Promise<BmcAccess> {
  const [row] = await sql.query<
    SealedRow & { name: string; serial: string | null; bmc: Parameters<typeof endpointOf>[0] | null }
  >(
    `select s.name, s.serial, ${SEALED}, case when b.server_id is not null then
              jsonb_build_object('protocol', b.protocol, 'address', b.address, 'port', b.port, 'tls', b.tls) end as bmc
       from servers s left join server_bmcs b on b.server_id = s.id where s.id = $1`,
    [serverId],
  );
  if (!row) throw new Refusal('not_found', { kind: 'server', id: serverId });
  const secret = row.bmc ? openRow(keyring, row, serverId) : undefined;
  if (!row.bmc || secret === undefined) throw new Refusal('bmc_missing', { server: row.name });
  return { endpoint: endpointOf(row.bmc), credentials: JSON.parse(secret) as BmcCredentials, serial: row.serial };
}

/** Refusal `bmc_missing` where it has none, Faults of `unseal`. */
export function openBmcSecret(keyring: Keyring, row: SealedRow, serverId: ServerId): BmcCredentials {
  const secret = openRow(keyring, row, serverId);
  if (secret === undefined) throw new Refusal('bmc_missing', { server: serverId });
  return JSON.parse(secret) as BmcCredentials;
}

export type ClusterCredentials = {
  name: string;
  apiEndpoint: string;
  ca: string;
  kubernetesVersion: string;
  settings: Record<string, unknown>;
  /** As the API was given it. */
  credentials: string;
};

/** For whoever talks to clusters. Refusals `not_found`, `cluster_credentials_missing`. */
export async function readClusterAccess(sql: Sql, keyring: Keyring, clusterId: ClusterId): Promise<ClusterCredentials> {
  const [row] = await sql.query<SealedRow & Omit<ClusterCredentials, 'credentials'>>(
    `select name, api_endpoint as "apiEndpoint", ca, kubernetes_version as "kubernetesVersion", settings, ${SEALED}
       from clusters where id = $1`,
    [clusterId],
  );
  if (!row) throw new Refusal('not_found', { kind: 'cluster', id: clusterId });
  const { keyId, nonce, sealed, ...cluster } = row;
  const credentials = openRow(keyring, { keyId, nonce, sealed }, clusterId);
  if (credentials === undefined) throw new Refusal('cluster_credentials_missing', { cluster: row.name });
  return { ...cluster, credentials };
}

/** For comparing many at once; servers without credentials are left out. */
export async function readBmcCredentials(
  sql: Sql,
  keyring: Keyring,
  serverIds: readonly ServerId[],
): Promise<Map<ServerId, BmcCredentials>> {
  const rows = await sql.query<SealedRow & { id: ServerId }>(
    `select server_id as id, ${SEALED} from server_bmcs where server_id = any($1) and credentials_key_id is not null`,
    [serverIds],
  );
  return new Map(
    rows.flatMap((row): [ServerId, BmcCredentials][] => {
      const secret = openRow(keyring, row, row.id);
      return secret === undefined ? [] : [[row.id, JSON.parse(secret) as BmcCredentials]];
    }),
  );
}

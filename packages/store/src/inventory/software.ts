// Clusters, images and boot artifacts.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { ClusterId, ImageId } from '@rackwright/domain/ids.ts';
import { newId } from '../new-id.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { sealedColumns } from '../secrets/stored-secrets.ts';
import { type Collection, listTable, type Table, tableCollection } from './table-collection.ts';
import { type Page, type PageRequest, pageOf, type Stamps, stamps, type Work } from './work.ts';

export type NewCluster = {
  name: string;
  apiEndpoint: string;
  ca: string;
  kubernetesVersion: string;
  settings: Record<string, unknown>;
  /** Sealed when it is stored; never read back by the API. */
  credentials: string | null;
};
export type ClusterRecord = Stamps & Omit<NewCluster, 'credentials'> & { id: ClusterId; hasCredentials: boolean };

const clustersTable = (keyring: Keyring): Table<NewCluster> & { kind: 'cluster' } => ({
  kind: 'cluster',
  table: 'clusters',
  select: `select t.id, t.name, t.api_endpoint as "apiEndpoint", t.ca, t.kubernetes_version as "kubernetesVersion", t.settings,
                  t.credentials_key_id is not null as "hasCredentials", ${stamps('t')} from clusters t`,
  columns: {
    name: 'name',
    apiEndpoint: 'api_endpoint',
    ca: 'ca',
    kubernetesVersion: 'kubernetes_version',
    settings: 'settings::jsonb',
  },
  derive: (id, { credentials }) => (credentials === undefined ? {} : sealedColumns(keyring, credentials, id)),
  meanings: ({ name = '' }) => ({ clusters_name_key: () => new Refusal('name_taken', { kind: 'cluster', name }) }),
});

export function postgresClusters(work: Work, keyring: Keyring) {
  const table = clustersTable(keyring);
  return {
    ...tableCollection<'cluster', ClusterRecord, NewCluster>(work, table),
    list: (page: PageRequest, filter: { name?: string | undefined }) =>
      listTable<ClusterRecord>(work.read, table, page, { name: filter.name }),
  };
}

export type NewImage = {
  name: string;
  digest: string;
  sizeBytes: number;
  rootPartition: number;
  seedPartition: number;
  os: string;
  /** Where the image store keeps it. */
  path: string;
};
export type ImageRecord = Stamps & Omit<NewImage, 'path'> & { id: ImageId };

const IMAGES: Table<NewImage> & { kind: 'image' } = {
  kind: 'image',
  table: 'images',
  select: `select t.id, t.name, t.digest, t.size_bytes as "sizeBytes", t.root_partition as "rootPartition",
                  t.seed_partition as "seedPartition", t.os, ${stamps('t')} from images t`,
  columns: {
    name: 'name',
    digest: 'digest',
    sizeBytes: 'size_bytes',
    rootPartition: 'root_partition',
    seedPartition: 'seed_partition',
    os: 'os',
    path: 'path',
  },
  meanings: ({ name = '', digest = '' }) => ({
    images_name_key: () => new Refusal('name_taken', { kind: 'image', name }),
    images_digest_key: () => new Refusal('name_taken', { kind: 'image', name: digest }),
  }),
};

export type Images = Collection<ImageId, ImageRecord, NewImage> & {
  list(page: PageRequest, filter: { name?: string | undefined; digest?: string | undefined }): Promise<Page<ImageRecord>>;
  /** Makes it known, or gives the one that has this digest. May be repeated. */
  register(input: NewImage): Promise<ImageRecord>;
};

export function postgresImageCatalogue(work: Work): Images {
  const images = tableCollection<'image', ImageRecord, NewImage>(work, IMAGES);
  const find = async (digest: string) =>
    (await listTable<ImageRecord>(work.read, IMAGES, { limit: 1, after: null }, { digest })).items[0];
  return {
    ...images,
    list: (page, { name, digest }) => listTable<ImageRecord>(work.read, IMAGES, page, { name, digest }),
    async register(input) {
      const known = await find(input.digest);
      return known ?? images.create(newId('image'), input);
    },
  };
}

export type ArtifactRecord = { name: string; version: string; sha256: string; sizeBytes: number; createdAt: string };
export type NewArtifact = Omit<ArtifactRecord, 'createdAt'> & { path: string };

const SELECT_ARTIFACTS = `select name, version, sha256, size_bytes as "sizeBytes", created_at as "createdAt" from artifacts`;

export function postgresArtifacts(work: Work) {
  return {
    async list({ limit, after }: PageRequest, filter: { name?: string | undefined }): Promise<Page<ArtifactRecord>> {
      const [name, version] = after === null ? ['', ''] : (JSON.parse(after) as [string, string]);
      const rows = await work.read.query<ArtifactRecord>(
        `${SELECT_ARTIFACTS} where (name, version) > ($1, $2) and ($3::text is null or name = $3) order by name, version limit $4`,
        [name, version, filter.name ?? null, limit + 1],
      );
      return pageOf(rows, limit, (row) => JSON.stringify([row.name, row.version]));
    },

    async find(name: string, version: string): Promise<ArtifactRecord | undefined> {
      const [row] = await work.read.query<ArtifactRecord>(`${SELECT_ARTIFACTS} where name = $1 and version = $2`, [
        name,
        version,
      ]);
      return row;
    },

    /** May be repeated; the same name and version with other bytes is refused (`name_taken`). */
    register: ({ name, version, sha256, sizeBytes, path }: NewArtifact): Promise<void> =>
      work.write(async (tx) => {
        const added = await tx.query(
          `insert into artifacts (name, version, sha256, size_bytes, path) values ($1, $2, $3, $4, $5)
           on conflict (name, version) do update set path = excluded.path where artifacts.sha256 = excluded.sha256
           returning (xmax = 0) as added`,
          [name, version, sha256, sizeBytes, path],
        );
        if (added.length === 0) throw new Refusal('name_taken', { kind: 'artifact', name: `${name} ${version}` });
        tx.emit({ kind: 'artifact.created', subject: { kind: 'artifact', id: `${name}@${version}` } });
      }),

    delete: (name: string, version: string): Promise<void> =>
      work.write(async (tx) => {
        const gone = await tx.query('delete from artifacts where name = $1 and version = $2 returning name', [name, version]);
        if (gone.length > 0) tx.emit({ kind: 'artifact.deleted', subject: { kind: 'artifact', id: `${name}@${version}` } });
      }),
  };
}

// What the API needs from the outside world. Owned by the API; the store and the queue fit themselves to it.
import type { BmcCredentials, BmcEndpoint, FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { Answer as PersonsAnswer } from '@rackwright/domain/answers.ts';
import type { ErasureEvidence } from '@rackwright/domain/erasure.ts';
import type { ErasureCertificate } from '@rackwright/domain/erasure-certificate.ts';
import type { Facts } from '@rackwright/domain/errors.ts';
import type { ClusterId, ImageId, NetworkId, OperationId, RackId, ServerId, SiteId } from '@rackwright/domain/ids.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import type { Readable } from 'node:stream';
import type { Collection, Page, PageRequest, Stamps } from './collection-needs.ts';
import type { Webhooks } from './webhook-needs.ts';
import type { Face, Server, ServerNic } from '@rackwright/domain/server.ts';

export type { Collection, Expected, Page, PageRequest, Stamps } from './collection-needs.ts';

export type SiteRecord = Stamps & { id: SiteId; name: string };
export type PowerFeed = { name: string; amps: number };
export type RackSwitch = { name: string; managementAddress: string | null };
export type RackRecord = Stamps & {
  id: RackId;
  siteId: SiteId;
  name: string;
  heightU: number;
  powerFeeds: PowerFeed[];
  switches: RackSwitch[];
};
export type DhcpMode = 'authoritative' | 'pool' | 'proxy' | 'off';
export type NetworkRecord = Stamps & {
  id: NetworkId;
  siteId: SiteId;
  name: string;
  cidr: string;
  gateway: string | null;
  dns: string[];
  domain: string | null;
  ntp: string[];
  dhcp: DhcpMode;
  poolFirst: string | null;
  poolLast: string | null;
};
export type ImageRecord = Stamps & {
  id: ImageId;
  name: string;
  digest: string;
  sizeBytes: number;
  rootPartition: number;
  seedPartition: number;
  os: string;
};
export type ArtifactRecord = { name: string; version: string; sha256: string; sizeBytes: number; createdAt: string };
export type ClusterRecord = Stamps & {
  id: ClusterId;
  name: string;
  apiEndpoint: string;
  ca: string;
  kubernetesVersion: string;
  settings: Record<string, unknown>;
  hasCredentials: boolean;
};
export type ServerRecord = Server & {
  labels: Record<string, string>;
  createdAt: string;
  updatedAt: string;
  hasBmcCredentials: boolean;
  /** Where the machine went; null while it is ours. */
  retiredAs: Retirement | null;
};

type Writable<R, Optional extends keyof R = never> = Omit<R, 'id' | keyof Stamps | Optional> & Partial<Pick<R, Optional>>;

export type NewServer = {
  name: string;
  assetTag: string | null;
  serial: string | null;
  siteId: SiteId;
  rackId: RackId | null;
  uPosition: number | null;
  uHeight: number;
  face: Face;
  firmwareMode: FirmwareMode;
  nics: ServerNic[];
  networkId: NetworkId | null;
  address: string | null;
  bmc: BmcEndpoint | null;
  bmcCredentials: BmcCredentials | null;
  labels: Record<string, string>;
};

export type SiteFilter = { name?: string | undefined };
export type InSiteFilter = SiteFilter & { siteId?: SiteId | undefined };

export interface Sites extends Collection<SiteId, SiteRecord, { name: string }, { name?: string }> {
  list(page: PageRequest, filter: SiteFilter): Promise<Page<SiteRecord>>;
}
export type NewRack = Writable<RackRecord>;
export interface Racks extends Collection<RackId, RackRecord, NewRack, Partial<Omit<NewRack, 'siteId'>>> {
  list(page: PageRequest, filter: InSiteFilter): Promise<Page<RackRecord>>;
}
export type NewNetwork = Writable<NetworkRecord>;
export interface Networks extends Collection<NetworkId, NetworkRecord, NewNetwork, Partial<Omit<NewNetwork, 'siteId'>>> {
  list(page: PageRequest, filter: InSiteFilter): Promise<Page<NetworkRecord>>;
}
/** Registered by whoever imported the files (packages/images); read-only here. */
export interface Images {
  get(id: ImageId): Promise<ImageRecord>;
  list(page: PageRequest, filter: { name?: string | undefined; digest?: string | undefined }): Promise<Page<ImageRecord>>;
}
export interface Artifacts {
  list(page: PageRequest, filter: { name?: string | undefined }): Promise<Page<ArtifactRecord>>;
}
export type NewCluster = Omit<Writable<ClusterRecord>, 'hasCredentials'> & { credentials: string | null };
export interface Clusters extends Collection<ClusterId, ClusterRecord, NewCluster, Partial<NewCluster>> {
  list(page: PageRequest, filter: { name?: string | undefined }): Promise<Page<ClusterRecord>>;
}

/** One condition of a list; several are all to hold. `in` with one value is equality; `glob` knows `*` only. */
export type Condition = { field: string; negate: boolean } & ({ op: 'in'; values: string[] } | { op: 'glob'; pattern: string });
export type ServerListFilter = {
  /** Fields: state, name, serial, asset_tag, site, rack (names), network, cluster (names), label.<key>. */
  conditions: Condition[];
  /** Searched for in name, serial, asset tag, MAC, address and BMC address. */
  search?: string | undefined;
};
export interface Servers extends Collection<ServerId, ServerRecord, NewServer, Partial<NewServer>> {
  find(by: { name: string } | { serial: string }): Promise<ServerRecord>;
  list(page: PageRequest, filter: ServerListFilter): Promise<Page<ServerRecord>>;
  /** `digest` is the certificate's; null when the evidence proves nothing. */
  erasures(id: ServerId): Promise<(ErasureEvidence & { operationId: OperationId; recordedAt: string; digest: string | null })[]>;
}

export type OperationError = { kind: string; code: string; message: string; retry: string; facts: Facts };
export type StepView = {
  name: string;
  state: string;
  attempt: number;
  startedAt: string;
  deadlineAt: string;
  updatedAt: string;
  error: OperationError | null;
};
export type OperationRecord = {
  id: OperationId;
  /** The workflow's name. */
  type: string;
  serverId: ServerId;
  state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  params: Record<string, unknown>;
  requestedBy: string;
  reason: string;
  createdAt: string;
  finishedAt: string | null;
  deadlineAt: string;
  waitingFor: {
    code: string;
    facts?: Facts;
    blockers?: readonly Facts[];
    since: string;
    until: string;
    unblockedBy: string;
  } | null;
  cancelRequested: boolean;
  error: OperationError | null;
  steps: StepView[];
};
export type OperationFilter = { serverId?: ServerId | undefined; state?: OperationRecord['state'] | undefined };

export interface Operations {
  get(id: OperationId): Promise<OperationRecord>;
  list(page: PageRequest, filter: OperationFilter): Promise<Page<OperationRecord>>;
  /**
   * Moves the server and writes the operation in one transaction. Refusal `not_allowed_in_state` {state, event},
   * `operation_in_progress` {operationId}.
   */
  begin(id: OperationId, request: BeginOperation): Promise<OperationRecord>;
  /** Refusal `operation_finished` when it ended. May be repeated. */
  requestCancel(id: OperationId, by: string): Promise<OperationRecord>;
  /** Refusals `operation_finished`, `nothing_asked`, `already_answered`. The same answer may be repeated. */
  answer(id: OperationId, answer: PersonsAnswer, by: string): Promise<OperationRecord>;
}

export type IssuedCertificate = { certificate: ErasureCertificate; digest: string };
export interface Certificates {
  /** The newest, or that of one operation. Refusals `not_found`, `erasure_not_proven`; Fault `certificate_damaged`. */
  get(serial: string, operationId?: OperationId): Promise<IssuedCertificate>;
  /** From the first moment on, before the second; oldest first. */
  issuedBetween(from: string, to: string): AsyncIterable<IssuedCertificate>;
}
export type BeginOperation = {
  serverId: ServerId;
  /** The event of the life-cycle table that leads into the working state. */
  event: 'onboard' | 'provision' | 'release' | 'retire';
  params: Record<string, unknown>;
  requestedBy: string;
  reason: string;
};

/** Moves that run no workflow. */
export interface ServerMoves {
  /** Refusal `disks_may_hold_data` when it would retire a server whose disks we counted. */
  move(
    id: ServerId,
    event: 'accept' | 'retire' | 'write_off',
    who: { by: string; reason: string; retiredAs?: Retirement | undefined },
  ): Promise<ServerRecord>;
}

/** The things of the inventory; inside `once` they all write into one transaction. */
export type Inventory = {
  sites: Sites;
  racks: Racks;
  networks: Networks;
  images: Images;
  artifacts: Artifacts;
  clusters: Clusters;
  servers: Servers & ServerMoves;
  operations: Operations;
  certificates: Certificates;
  webhooks: Webhooks;
};

export type IdempotentRequest = { principal: string; method: string; path: string; key: string; bodyHash: string };
export type Answer = { status: number; headers: Record<string, string>; body: unknown };
/** `toldOnce` goes into the first answer and nowhere else: it is not kept for repetitions. */
export type FirstAnswer = Answer & { toldOnce?: object };
export interface Idempotency {
  /**
   * The first caller's deed and its answer are written in one transaction; later callers with the same key get that answer.
   * Refusal `idempotency_key_reused` (other body), `idempotency_in_progress`. A refusal of the deed writes nothing.
   */
  once(
    request: IdempotentRequest,
    does: (inventory: Inventory) => Promise<Answer>,
  ): Promise<{ answer: Answer; replayed: boolean }>;
}

export type EventRecord = {
  seq: number;
  at: string;
  kind: string;
  subjectKind: string;
  subjectId: string;
  serverId: string | null;
  operationId: string | null;
  version: number | null;
  payload: unknown;
};
export interface Events {
  /** The newest number given, the oldest that can still be read is `prunedThrough` + 1, and the epoch they count in. */
  position(): Promise<{ epoch: string; last: number; prunedThrough: number }>;
  /** In order, without gaps; empty when there is none yet. */
  after(seq: number, limit: number): Promise<EventRecord[]>;
  /** Calls back when there may be newer events (at least once for each commit, possibly more); the stop undoes it. */
  onNew(callback: () => void): () => void;
}

export type ImageUpload = { name: string; os: string; rootPartition?: number | undefined; seedPartition?: number | undefined };
/** Bytes and record are there afterwards, or neither. Refusals `image_unusable`, `checksum_mismatch`, `name_taken`. */
export interface Uploads {
  image(upload: ImageUpload, content: Readable): Promise<ImageRecord>;
  artifact(upload: { name: string; version: string; sha256: string | undefined }, content: Readable): Promise<ArtifactRecord>;
}

export type ApiNeeds = {
  uploads: Uploads;
  inventory: Inventory;
  idempotency: Idempotency;
  events: Events;
  wakeUp: (operationId: OperationId) => Promise<void>;
  clock: { now(): number };
  random: (bytes: number) => Uint8Array;
  /** Throws when the API could not serve a request now: database, queue. */
  checkReady: () => Promise<void>;
};

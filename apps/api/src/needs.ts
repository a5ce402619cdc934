// What the API needs from the outside world. Owned by the API; the store and the queue fit themselves to it.
import type { CellError, ServerRow } from '@rackwright/api-contract/imports/read-server-rows.ts';
import type { Answer as PersonsAnswer } from '@rackwright/domain/answers.ts';
import type { DiskProof } from '@rackwright/domain/erasure.ts';
import type { ErasureCertificate } from '@rackwright/domain/erasure-certificate.ts';
import type {
  ClusterId,
  EnclosureId,
  HardwareModelId,
  ImageId,
  NetworkId,
  OperationId,
  RackId,
  ServerId,
  SiteId,
} from '@rackwright/domain/ids.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import type {
  ArtifactRecord,
  BmcReadingRecord,
  ClusterRecord,
  DiscoveryRecord,
  EnclosureRecord,
  HardwareModelRecord,
  HardwareSeen,
  ImageRecord,
  NetworkRecord,
  NewServer,
  OperationRecord,
  RackRecord,
  ServerImport,
  ServerRecord,
  SiteRecord,
  Swap,
} from './records.ts';
import type { Readable } from 'node:stream';
import type { Collection, Page, PageRequest, Stamps } from './collection-needs.ts';
import type { HealthPolicies, ServerHealths } from './health-needs.ts';
import type { Incidents } from './incident-needs.ts';
import type { ColdStarts, Power } from './power-needs.ts';
import type { Schedules } from './schedule-needs.ts';
import type { BulkOperations, Plans, SeeCluster } from './plan-needs.ts';
import type { Replacements } from './replacement-needs.ts';
import type { Webhooks } from './webhook-needs.ts';
import type { DiskRemovals, WorkOrders } from './work-order-needs.ts';
export type { Collection, Expected, Page, PageRequest, Stamps } from './collection-needs.ts';

type Writable<R, Optional extends keyof R = never> = Omit<R, 'id' | keyof Stamps | Optional> & Partial<Pick<R, Optional>>;

export type SiteFilter = { name?: string | undefined };
export type InSiteFilter = SiteFilter & { siteId?: SiteId | undefined };

export interface Sites extends Collection<SiteId, SiteRecord, { name: string }, { name?: string }> {
  list(page: PageRequest, filter: SiteFilter): Promise<Page<SiteRecord>>;
}
export type NewRack = Writable<RackRecord>;
export interface Racks extends Collection<RackId, RackRecord, NewRack, Partial<Omit<NewRack, 'siteId'>>> {
  list(
    page: PageRequest,
    filter: InSiteFilter & { room?: string | undefined; row?: string | undefined },
  ): Promise<Page<RackRecord>>;
}
export type NewEnclosure = Omit<Writable<EnclosureRecord>, 'rackName' | 'blades'>;
/** A blade goes where its enclosure goes. */
export interface Enclosures
  extends Collection<EnclosureId, EnclosureRecord, NewEnclosure, Partial<Omit<NewEnclosure, 'siteId'>>> {
  list(page: PageRequest, filter: InSiteFilter & { rackId?: RackId | undefined }): Promise<Page<EnclosureRecord>>;
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
  /** Rows are known by their serial: may be repeated. `plan` writes nothing; `earlier` are errors of rows that are left out. */
  import(
    rows: readonly ServerRow[],
    earlier: readonly CellError[],
    mode: 'plan' | 'all_or_nothing' | 'good_rows',
  ): Promise<ServerImport>;
  /** `digest` is the certificate's; null when the evidence proves nothing. */
  erasures(id: ServerId): Promise<(DiskProof & { operationId: OperationId; recordedAt: string; digest: string | null })[]>;
}

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
  requestCancel(id: OperationId, by: string, reason: string): Promise<OperationRecord>;
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
  event: 'onboard' | 'provision' | 'reimage' | 'remediate' | 'release' | 'retire' | 'isolate' | 'validate';
  params: Record<string, unknown>;
  requestedBy: string;
  reason: string;
};

/** Each throws Refusal `not_found` for a machine that left the inbox. */
export interface Discoveries {
  get(mac: string): Promise<DiscoveryRecord>;
  list(page: PageRequest, filter: { rejected: boolean }): Promise<Page<DiscoveryRecord>>;
  /** Leaves the inbox as a server on file; what creating a server refuses is refused here. */
  accept(mac: string, id: ServerId, server: NewServer, by: string): Promise<void>;
  /** May be repeated. */
  reject(mac: string, by: string, reason: string): Promise<DiscoveryRecord>;
}

export interface BmcReadings {
  /** Refusal `not_found` for a server that is on no file; empty for one that was never looked at. */
  get(id: ServerId): Promise<BmcReadingRecord>;
  list(
    page: PageRequest,
    filter: { circuit?: 'closed' | 'open' | 'refused' | undefined; power?: string | undefined; health?: string | undefined },
  ): Promise<Page<BmcReadingRecord>>;
}

export interface ServerHardware {
  hardware(id: ServerId): Promise<HardwareSeen>;
  /** Refusals `inspection_not_latest`, `hardware_not_reviewed`, `disk_dropped_unerased` … May be repeated. */
  acceptHardware(id: ServerId, swap: Swap): Promise<HardwareSeen>;
}
export type NewHardwareModel = Writable<HardwareModelRecord>;
export interface HardwareModels
  extends Collection<HardwareModelId, HardwareModelRecord, NewHardwareModel, Partial<NewHardwareModel>> {
  list(
    page: PageRequest,
    filter: { name?: string | undefined; product?: string | undefined },
  ): Promise<Page<HardwareModelRecord>>;
}

/** Moves that run no workflow. */
export interface ServerMoves {
  /** Refusal `disks_may_hold_data` when it would retire a server whose disks we counted. */
  move(
    id: ServerId,
    event: 'accept' | 'retire' | 'write_off' | 'recover',
    who: { by: string; reason: string; retiredAs?: Retirement | undefined },
  ): Promise<ServerRecord>;
}

/** The things of the inventory; inside `once` they all write into one transaction. */
export type Inventory = {
  sites: Sites;
  racks: Racks;
  enclosures: Enclosures;
  networks: Networks;
  images: Images;
  artifacts: Artifacts;
  clusters: Clusters;
  servers: Servers & ServerMoves & ServerHardware;
  bmcReadings: BmcReadings;
  discoveries: Discoveries;
  hardwareModels: HardwareModels;
  operations: Operations;
  incidents: Incidents;
  power: Power;
  coldStarts: ColdStarts;
  health: ServerHealths;
  healthPolicy: HealthPolicies;
  replacements: Replacements;
  certificates: Certificates;
  webhooks: Webhooks;
  schedules: Schedules;
  workOrders: WorkOrders;
  plans: Plans;
  bulkOperations: BulkOperations;
  diskRemovals: DiskRemovals;
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
  seeCluster: SeeCluster;
  clock: { now(): number };
  random: (bytes: number) => Uint8Array;
  /** Throws when the API could not serve a request now: database, queue. */
  checkReady: () => Promise<void>;
};

// The things of the inventory as the API reads and writes them; the store gives and takes them in this form.
import type { BmcReading } from '@rackwright/domain/bmc-sweep/reading.ts';
import type { SweepTier } from '@rackwright/domain/bmc-sweep/tiers.ts';
import type { CellError } from '@rackwright/api-contract/imports/read-server-rows.ts';
import type { BmcCredentials, BmcEndpoint, BmcLogEntry, FirmwareMode } from '@rackwright/domain/bmc.ts';
import type { Facts } from '@rackwright/domain/errors.ts';
import type { ExpectedFirmware, ExpectedHardware } from '@rackwright/domain/hardware/hardware-model.ts';
import type { HardwareDifference, Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { ProposedPlace } from '@rackwright/domain/hardware/propose-place.ts';
import type { SwapReview } from '@rackwright/domain/hardware/review-hardware.ts';
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
  TicketId,
} from '@rackwright/domain/ids.ts';
import type { PowerDraw } from '@rackwright/domain/power/draw.ts';
import type { Retirement } from '@rackwright/domain/retirement.ts';
import type { Face, Server, ServerNic } from '@rackwright/domain/server.ts';

import type { Stamps } from './collection-needs.ts';

export type BmcReadingRecord = {
  serverId: ServerId;
  serverName: string;
  tier: SweepTier;
  /** Times are epoch milliseconds. */
  reading: BmcReading;
  nextLookAt: string | null;
  logReadAt: string | null;
  /** Newest first. */
  notable: (BmcLogEntry & { historic: boolean; seenAt: string })[];
};
export type SiteRecord = Stamps & { id: SiteId; name: string };
export type PowerFeed = { name: string; amps: number; volts: number; maxUtilisation: number | null };
export type RackSwitch = { name: string; managementAddress: string | null };
export type RackRecord = Stamps & {
  id: RackId;
  siteId: SiteId;
  name: string;
  heightU: number;
  room: string | null;
  row: string | null;
  switchPorts: Record<string, number>;
  powerFeeds: PowerFeed[];
  powerMaxUtilisation: number;
  powerRedundancy: 'redundant' | 'shared';
  powerBudgetAmps: number | null;
  powerOnsAtOnce: number | null;
  switches: RackSwitch[];
};
export type EnclosureRecord = Stamps & {
  id: EnclosureId;
  siteId: SiteId;
  rackId: RackId;
  rackName: string;
  name: string;
  serial: string | null;
  model: string | null;
  uPosition: number;
  uHeight: number;
  face: Face;
  slots: number;
  blades: { slot: number; serverId: ServerId; name: string }[];
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
  conditions: { type: string; status: 'true' | 'false' | 'unknown'; reason: string; message: string }[];
};

export type NewServer = {
  name: string;
  assetTag: string | null;
  serial: string | null;
  siteId: SiteId;
  rackId: RackId | null;
  uPosition: number | null;
  uHeight: number;
  face: Face;
  /** Absent: none. */
  enclosureId?: EnclosureId | null | undefined;
  slot?: number | null | undefined;
  firmwareMode: FirmwareMode;
  nics: ServerNic[];
  networkId: NetworkId | null;
  address: string | null;
  bmc: BmcEndpoint | null;
  bmcCredentials: BmcCredentials | null;
  labels: Record<string, string>;
};

type ImportedServer = { row: number; id: ServerId | null; name: string; serial: string };
export type ServerImport = {
  applied: boolean;
  created: ImportedServer[];
  /** `changed`: columns. */
  updated: (ImportedServer & { changed: string[] })[];
  unchanged: ImportedServer[];
  errors: CellError[];
};

export type DiscoveryRecord = {
  mac: string;
  networkId: NetworkId | null;
  networkName: string | null;
  siteId: SiteId | null;
  architecture: string;
  vendorClass: string;
  firstSeenAt: string;
  lastSeenAt: string;
  sightings: number;
  inspection: Inspection | null;
  rejected: { at: string; by: string; reason: string } | null;
  knownServer: { id: ServerId; name: string } | null;
  proposal: (ProposedPlace & { occupant: string | null }) | null;
};

export type HardwareModelRecord = Stamps &
  ExpectedHardware &
  ExpectedFirmware & { id: HardwareModelId; name: string; product: string; power: PowerDraw | null };

export type HardwareSeen = {
  accepted: { inspection: Inspection; acceptedAt: string; operationId: OperationId } | null;
  lastSeen: { ticketId: TicketId; inspection: Inspection; reportedAt: string } | null;
  differences: HardwareDifference[];
  model: { id: HardwareModelId; name: string; differences: HardwareDifference[] } | null;
};
export type Swap = { ticketId: TicketId; named: SwapReview['named']; by: string; reason: string };

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

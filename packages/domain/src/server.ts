// A server as the rules see it: who it is, where it stands, what was accepted about it, whose it is.
import type { BmcEndpoint, FirmwareMode } from './bmc.ts';
import type { Inspection } from './hardware/inspection.ts';
import type { ClusterId, EnclosureId, NetworkId, OperationId, RackId, ServerId, SiteId } from './ids.ts';
import type { ServerState } from './server-lifecycle/table.ts';

export type Face = 'front' | 'rear';

export type ServerNic = { mac: string; name: string /** The one that boots from the provisioning network. */; boot: boolean };

export type ServerLocation = {
  siteId: SiteId;
  siteName: string;
  rackId: RackId | null;
  rackName: string | null;
  /** Names of the feeds of its rack: a failure domain. */
  powerFeeds: string[];
  /** Lowest rack unit it fills, from 1, in steps of 0.5; null for a blade and for what hangs beside the units (0U). */
  uPosition: number | null;
  uHeight: number;
  face: Face;
  /** The slot that a blade sits in. */
  enclosure: { id: EnclosureId; name: string; slot: number } | null;
};

export type Assignment = {
  clusterId: ClusterId | null;
  nodeName: string;
  imageDigest: string;
  rootDiskSerial: string;
  /** Asked for beside ours when it was installed; absent means none. */
  nodeLabels?: Record<string, string>;
  nodeUid: string | null;
};

export type Server = {
  id: ServerId;
  name: string;
  assetTag: string | null;
  /** Null only while discovered. */
  serial: string | null;
  state: ServerState;
  stateSince: string;
  /** Grows by one with each change; the ETag. */
  version: number;
  location: ServerLocation;
  firmwareMode: FirmwareMode;
  nics: ServerNic[];
  /** The address reserved for it on the provisioning network; the host keeps it. */
  networkId: NetworkId | null;
  address: string | null;
  bmc: BmcEndpoint | null;
  /** The last accepted inspection. */
  hardware: Inspection | null;
  assignment: Assignment | null;
  currentOperationId: OperationId | null;
};

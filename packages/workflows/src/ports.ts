// What the workflows need from the outside world. Owned by the workflows; adapters fit themselves to it.
import type {
  BmcCredentials,
  BmcEndpoint,
  BmcHardware,
  BmcIdentity,
  BmcLogEntry,
  BmcLook,
  BootDevice,
  BootOverride,
  FirmwareMode,
  PowerAction,
  PowerState,
} from '@rackwright/domain/bmc.ts';
import type { GivenAnswer, Question } from '@rackwright/domain/answers.ts';
import type { RemainingPod } from '@rackwright/domain/drain.ts';
import type { ControlPlane } from '@rackwright/domain/control-plane/may-leave.ts';
import type { DiskProof, RemovalEvidence } from '@rackwright/domain/erasure.ts';
import type { FenceProof } from '@rackwright/domain/fence.ts';
import type { SeenSignal } from '@rackwright/domain/health/read-signals.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { ClusterId, InstructionId, OperationId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { Assignment, Server } from '@rackwright/domain/server.ts';
import type { BurnInPlan } from '@rackwright/domain/work-orders/burn-in.ts';

/**
 * One BMC, one session, one request in flight. Every write is read -> decide -> write -> verify, so every method may be repeated.
 * Throws Fault: bmc_unreachable, bmc_auth_failed (never retried: lockouts), bmc_busy, bmc_unsupported, bmc_protocol_error,
 * bmc_write_unverified (we wrote, it agreed, nothing happened within the settle time).
 */
export interface Bmc {
  identify(): Promise<BmcIdentity>;
  power(): Promise<PowerState>;
  /** Power and health by a single question, without patience: a BMC that is busy or slow is left alone. */
  look(): Promise<BmcLook>;
  /** Ends when the BMC reports the wanted state, or with a Fault. */
  setPower(action: PowerAction): Promise<void>;
  bootOverride(): Promise<BootOverride>;
  /** For the next boot only. Where the BMC knows only `continuous`, it says so in the answer and the caller clears it later. */
  bootOnce(device: BootDevice, mode: FirmwareMode): Promise<BootOverride>;
  identifyLed(): Promise<boolean>;
  setIdentifyLed(lit: boolean): Promise<void>;
  hardware(): Promise<BmcHardware>;
  /** @param after  id of an entry that is known: a BMC that can begin there leaves out what is older */
  eventLog(after?: string): Promise<BmcLogEntry[]>;
  /** Restarts the BMC, not the machine. Ends when it was told: it is away for minutes after that. Fault `bmc_unsupported`. */
  resetBmc(): Promise<void>;
  /** Ends the session at the BMC (they hold few). Never throws. */
  close(): Promise<void>;
}

/** Awaited right before each request that changes something at the BMC; what it throws is thrown on, and nothing was sent. */
export type BeforeWrite = () => Promise<void>;

export type ConnectBmc = (endpoint: BmcEndpoint, credentials: BmcCredentials, beforeWrite?: BeforeWrite) => Promise<Bmc>;

/** Who asks: only the operation that holds the server's lease may power it or change what it boots. */
export type Holder = { serverId: ServerId; operationId: OperationId };

/** Runs `use` with the server's BMC connected. Refusal `operation_in_progress` when another operation holds the server. */
export type WithBmc = <T>(holder: Holder, use: (bmc: Bmc) => Promise<T>) => Promise<T>;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface Servers {
  get(id: ServerId): Promise<Server>;
  /** Another server than `except` with this serial, if there is one. */
  findTwin(serial: string, except: ServerId): Promise<{ id: ServerId; name: string } | undefined>;
  /** The count that later ones are compared with, and whose disk serials guard every write. May be repeated. */
  acceptHardware(id: ServerId, inspection: Inspection, operationId: OperationId): Promise<void>;
  /** Fails with Refusal `server_already_allocated` when it belongs to somebody else. May be repeated. */
  assign(id: ServerId, assignment: Assignment, operationId: OperationId): Promise<void>;
  /** The Node it is in service as; null from the moment it leaves service. May be repeated. */
  noteNodeUid(id: ServerId, nodeUid: string | null): Promise<void>;
  unassign(id: ServerId, operationId: OperationId): Promise<void>;
}

/** While one is open the boot services run the agent on this server, and nobody else's server. */
export interface BootTickets {
  /** One per operation and purpose: opening it again gives the same one, still open. */
  open(serverId: ServerId, operationId: OperationId, purpose: string, until: string): Promise<TicketId>;
  close(ticketId: TicketId): Promise<void>;
  /** Do those who answer machines know that it is open? `no_replica`: nobody would answer. */
  knowledge(ticketId: TicketId): Promise<'known' | 'behind' | 'no_replica'>;
  /** What the agent counted when it booted with this ticket. */
  inspection(ticketId: TicketId): Promise<Inspection | undefined>;
}

export type InstructionDeed =
  | { do: 'write_image'; diskSerial: string; imageDigest: string; rootPartition: number; seedPartition: number; seed: SeedPlan }
  | { do: 'erase_disks'; diskSerials: string[] }
  | ({ do: 'burn_in' } & BurnInPlan)
  | { do: 'reboot' }
  | { do: 'power_off' };

/** What the seed is made of; secrets are derived when the agent fetches it, not stored here. */
export type SeedPlan = {
  hostname: string;
  clusterId: ClusterId | null;
  nodeLabels: Record<string, string>;
  bootstrapTokenFor: OperationId;
};

export type InstructionResult = {
  outcome: 'done' | 'refused' | 'failed';
  code: string;
  detail: string;
  evidence: unknown;
};

export interface Instructions {
  /** One per ticket and name: giving it again gives the same one. */
  give(ticketId: TicketId, name: string, deed: InstructionDeed): Promise<InstructionId>;
  result(id: InstructionId): Promise<InstructionResult | { progress: string }>;
  /** The agent stops at its next report. */
  withdraw(id: InstructionId): Promise<void>;
}

export interface Images {
  get(digest: string): Promise<{ digest: string; sizeBytes: number; rootPartition: number; seedPartition: number } | undefined>;
}

export interface Erasures {
  /** May be repeated: one row per operation and disk serial. */
  record(serverId: ServerId, operationId: OperationId, evidence: DiskProof[]): Promise<void>;
  /** Disks that a named person took out or destroyed, and that were not accepted again since. */
  removals(serverId: ServerId): Promise<RemovalEvidence[]>;
}

/** What was found broken in a server, kept until it is repaired or somebody calls it well. */
export interface Findings {
  /** Stand afterwards, beside what stood before. May be repeated. */
  record(serverId: ServerId, findings: readonly SeenSignal[]): Promise<void>;
}

/** What people answered while the operation waited for them. */
export interface Answers {
  find(operationId: OperationId, question: Question): Promise<GivenAnswer | undefined>;
}

export type NodeTaint = { key: string; value?: string; effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' };

export type NodeView = {
  name: string;
  uid: string;
  ready: boolean;
  /** Node condition Ready's reason or message, for people. */
  readyReason: string;
  unschedulable: boolean;
  labels: Record<string, string>;
  taints: NodeTaint[];
  kubeletVersion: string;
  /** Of this boot of the machine; empty when the kubelet has not told. */
  bootId: string;
  volumesAttached: number;
  addresses: string[];
};

export type DrainPass = {
  /** Pods still there; empty means drained. */
  remaining: RemainingPod[];
};

/** Still attached to a node; `claim` is `<namespace>/<name>`, null where nobody knows whose it is. */
export type AttachedVolume = { volume: string; claim: string | null; since: string | null };

/** One Kubernetes cluster. Throws Fault kubernetes_unreachable (later), kubernetes_forbidden (never), kubernetes_error. */
export interface ClusterAccess {
  /** Secret `bootstrap-token-<id>` exists afterwards, valid until then. One per server. May be repeated. */
  ensureBootstrapToken(token: { id: string; secret: string; nodeName: string; until: string }): Promise<void>;
  deleteBootstrapToken(tokenId: string): Promise<void>;
  node(name: string): Promise<NodeView | undefined>;
  /** Sets these and leaves all others. Refusal `node_unknown`. */
  ensureNodeLabels(name: string, labels: Record<string, string>, taints?: NodeTaint[]): Promise<void>;
  /** Approves the kubelet's pending serving certificate requests that match the inventory; says which did not and why. */
  approveServingCertificate(expected: {
    nodeName: string;
    addresses: string[];
  }): Promise<{ refused: { name: string; reason: string }[] }>;
  cordon(name: string, operationId: OperationId): Promise<void>;
  /** Only if this operation cordoned it. */
  uncordon(name: string, operationId: OperationId): Promise<void>;
  /** One pass of evictions; the caller comes again. */
  drain(name: string): Promise<DrainPass>;
  /** Those that must be detached before the machine is off; not those of pods that a drain leaves there. */
  attachedVolumes(name: string): Promise<AttachedVolume[]>;
  controlPlane(): Promise<ControlPlane>;
  /** Its object is gone at once, past every budget: the caller knows that its machine is off. May be repeated. */
  forceDeletePod(pod: Pick<RemainingPod, 'namespace' | 'name' | 'uid'>): Promise<void>;
  /** Gone afterwards. A Node of that name with another uid is left alone: Refusal `node_replaced`. */
  deleteNode(name: string, uid: string, proof: FenceProof): Promise<void>;
  /**
   * Tainted `node.kubernetes.io/out-of-service`: its pods are deleted by force and its volumes detached, so only with a proof that it is
   * off. `not_supported` before Kubernetes 1.28. May be repeated. A Node that is gone needs nothing.
   */
  ensureOutOfService(name: string, proof: FenceProof): Promise<'tainted' | 'not_supported'>;
  /** Nobody else takes the taint away. May be repeated. */
  removeOutOfService(name: string): Promise<void>;
  /** Pending certificate requests of this node and bootstrap tokens made for it are gone afterwards. */
  revoke(name: string): Promise<void>;
}

export type ConnectCluster = (clusterId: ClusterId) => Promise<ClusterAccess>;

export interface Secrets {
  /** The bootstrap token of one provision operation, `id` 6 and `secret` 16 characters of [a-z0-9]; always the same for the same operation. */
  bootstrapToken(operationId: OperationId): { id: string; secret: string };
}

export type Ports = {
  clock: Clock;
  servers: Servers;
  bootTickets: BootTickets;
  instructions: Instructions;
  images: Images;
  erasures: Erasures;
  answers: Answers;
  findings: Findings;
  secrets: Secrets;
  withBmc: WithBmc;
  connectCluster: ConnectCluster;
};

/** What every workflow is told: which operation, on which server, and what the caller asked for. */
export type Task<Params> = Holder & { params: Params };

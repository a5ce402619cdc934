// What the boot app's HTTP side needs from the rest of the world. Owned here; the composition root fits adapters to it.
import type { ClusterMembership } from '@rackwright/documents/cloud-init/node-files.ts';
import type { NodeNetwork } from '@rackwright/documents/cloud-init/network-config.ts';
import type { BootPolicy } from '@rackwright/domain/boot-decision/decide-boot.ts';
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { InstructionId, ServerId, TicketId } from '@rackwright/domain/ids.ts';
import type { InstructionDeed, InstructionResult } from '@rackwright/workflows/ports.ts';
import type { BootIndex } from '../boot-index.ts';

/** A boot ticket that is open, as the memory of the boot app holds it. `expiresAt`: milliseconds since the epoch. */
export type HeldTicket = { ticketId: TicketId; serverId: ServerId; expiresAt: number };

/** From memory, never a database call: these are asked on the path of every boot. */
export interface TicketIndex {
  /** The server's open ticket with its token in clear (derived from the sealing key, kept nowhere). */
  openFor(serverId: ServerId): (HeldTicket & { token: string }) | undefined;
  /** @param tokenHash  SHA-256 of the token, lower-case hex */
  byTokenHash(tokenHash: string): HeldTicket | undefined;
}

export type BootNetwork = {
  policy: BootPolicy;
  /** A server with a reserved address gets its token at that address only; off where another DHCP server gives the addresses. */
  reservedAddressRequired: boolean;
};

export type GivenInstruction = { id: InstructionId; deed: InstructionDeed };
export type AgentProgress = { percent: number; message: string };

/** `unknown`: not an instruction of this ticket. `withdrawn`: the agent must stop. */
export type ReportOutcome = 'noted' | 'withdrawn' | 'unknown';

/** What a server's cloud-init seed is made of. Holds the bootstrap token: made when it is read, never stored. */
export type SeedValues = {
  serverId: ServerId;
  /** One per installation. */
  instanceId: string;
  hostname: string;
  network: NodeNetwork;
  /** Its reserved address, which its kubelet announces. */
  nodeAddress?: string;
  sshKeys: readonly string[];
  cluster?: ClusterMembership;
};

/** What the agent says, put down in the store. Each may be repeated. */
export interface AgentReports {
  inspected(ticketId: TicketId, inspection: Inspection): Promise<void>;
  discovered(stranger: { mac: string; address: string; inspection: Inspection }): Promise<void>;
  /** The oldest one that has no result and was not withdrawn. */
  nextInstruction(ticketId: TicketId): Promise<GivenInstruction | undefined>;
  /** Calls `wake` when the ticket's instructions may have changed, until the returned function is called. */
  watchInstructions(ticketId: TicketId, wake: () => void): () => void;
  progressed(ticketId: TicketId, id: InstructionId, progress: AgentProgress): Promise<ReportOutcome>;
  finished(ticketId: TicketId, id: InstructionId, result: InstructionResult): Promise<ReportOutcome>;
  /** `over`: the instruction has a result or was withdrawn. */
  seed(ticketId: TicketId, id: InstructionId): Promise<SeedValues | 'over' | 'unknown'>;
}

export type PhoneCall = {
  serverId: ServerId;
  instanceId: string;
  hostname: string;
  /** `booted`: cloud-init came to its end; the others are the join program's. */
  outcome: 'booted' | 'kubelet_started' | 'failed';
  code: string;
  detail: string;
};

/** NoCloud over HTTP and the calls home of installed machines. */
export interface NodeSeeds {
  current(serverId: ServerId): Promise<SeedValues | undefined>;
  /** True for the first caller of this installation, false for everybody after. */
  claimUserData(serverId: ServerId, instanceId: string): Promise<boolean>;
  /** `stale`: of another installation than the current one. */
  phonedHome(call: PhoneCall): Promise<'noted' | 'stale'>;
}

/** A file to hand out. With `sha256` that is its ETag; without a content type it is `application/octet-stream`. */
export type ServedFile = { path: string; contentType?: string; sha256?: string };

export interface ServedFiles {
  /** Boot loaders, `agent.kernel`, `agent.img`: from memory. */
  bootFile(name: string): ServedFile | undefined;
  artifact(name: string): Promise<ServedFile | undefined>;
  manifest(imageDigest: string): Promise<ServedFile | undefined>;
  chunk(imageDigest: string, chunk: number): Promise<ServedFile | undefined>;
}

export type BootLog = (line: { level: 'info' | 'warn' | 'error'; event: string; [fact: string]: unknown }) => void;

export type BootHttpNeeds = {
  /** Milliseconds since the epoch. */
  now(): number;
  index: BootIndex;
  tickets: TicketIndex;
  networkOf(address: string): BootNetwork;
  reports: AgentReports;
  seeds: NodeSeeds;
  files: ServedFiles;
  /** The server's operation looks again; called after each report. Failing is harmless: a sweep comes by. */
  wakeUp(serverId: ServerId): Promise<void>;
  /** 32 secret bytes, the same in every replica: strangers' agents carry tokens signed with it. */
  discoveryKey: Uint8Array;
  log: BootLog;
};

// What scheduled tasks need from the outside world. Owned by the tasks; the worker fits the adapters to it.
import type { Inspection } from '@rackwright/domain/hardware/inspection.ts';
import type { ClusterId, ServerId } from '@rackwright/domain/ids.ts';
import type { ServerCandidate } from '@rackwright/domain/schedules/candidate.ts';
import type { Bmc, Clock } from '../ports.ts';

/** What may be asked of a BMC without holding its server: nothing that changes anything. */
export type BmcReader = Pick<Bmc, 'identify' | 'power' | 'hardware' | 'eventLog'>;

export type PasswordChange = {
  id: string;
  serverId: ServerId;
  /** `staged`: sealed, the BMC knows nothing. `changing`: the BMC was told, or we died before. `committed`: proven and on file. */
  state: 'staged' | 'changing' | 'committed';
  newTries: number;
  oldTries: number;
  newRefused: boolean;
  /** How often the BMC was told, or we died before. */
  tells: number;
  /** It said yes. */
  answered: boolean;
  changedAt: string | null;
};

export type PasswordNote = Partial<Pick<PasswordChange, 'newTries' | 'oldTries' | 'newRefused' | 'tells' | 'answered'>> & {
  state?: 'staged' | 'changing';
};

/** A session of its own at the server's own BMC. */
export type AccountSession = {
  /** Fault with effect `none` only where the BMC said no. */
  changeToFresh(): Promise<void>;
  endOtherSessions(): Promise<number>;
  /** Never throws. */
  close(): Promise<void>;
};

/** Passwords stay inside: nobody here sees one. Each write throws StaleRun when another has taken over. */
export interface BmcPasswords {
  /** The open one of this server, or a new one; the server is held from then on. Refusals `operation_in_progress`, `server_held` … */
  stage(serverId: ServerId, who: { holder: string; parkedAs: string }, reason: string): Promise<PasswordChange>;
  /** Nobody works on it until the same run comes back; its server stays held. */
  park(change: PasswordChange): Promise<void>;
  note(change: PasswordChange, note: PasswordNote): Promise<PasswordChange>;
  /** One login. Fault `bmc_auth_failed`: the BMC refused this password. */
  logIn(change: PasswordChange, with_: 'filed' | 'fresh'): Promise<AccountSession>;
  /** The fresh one is the one on file. */
  commit(change: PasswordChange): Promise<PasswordChange>;
  /** The server is free again. */
  end(change: PasswordChange, how: 'done' | 'unchanged' | 'in_doubt'): Promise<void>;
  /** So long BMCs may take until a new password counts, in milliseconds. */
  settleMs: number;
}

/** A certificate on file. `notAfter`: RFC 3339; null when it cannot be read. */
export type FiledCertificate = { what: string; subject: string; notAfter: string | null };

export type TaskNeeds = {
  /** The last that was accepted. */
  inspectionOf(id: ServerId): Promise<Inspection | undefined>;
  /** That of the authority and of our own way in. */
  clusterCertificates(id: ClusterId): Promise<FiledCertificate[]>;
  /** Those that the BMC's is proven with. */
  bmcCertificates(id: ServerId): Promise<FiledCertificate[]>;
  passwords: BmcPasswords;
  clock: Clock;
  /** As it is now; undefined when it was deleted since it was picked. */
  findServer(id: ServerId): Promise<ServerCandidate | undefined>;
  /** In line behind whoever talks to this BMC. Faults as those of `Bmc`. */
  readBmc<T>(serverId: ServerId, use: (bmc: BmcReader) => Promise<T>): Promise<T>;
};

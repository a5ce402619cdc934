// The port of password changes on the real store and real BMCs: the only place where a password and a session meet.
import { randomBytes } from 'node:crypto';
import { BMC_PASSWORD_RANDOM_BYTES, makeBmcPassword } from '@rackwright/domain/bmc-password.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import {
  commitPasswordChange,
  endPasswordChange,
  notePasswordChange,
  parkPasswordChange,
  type PasswordChange as HeldChange,
  readPasswords,
  stagePasswordChange,
} from '@rackwright/store/bmc-passwords/password-changes.ts';
import type { Database } from '@rackwright/store/database.ts';
import type { Keyring } from '@rackwright/store/secrets/keyring.ts';
import type { ConnectBmcAccount } from '@rackwright/workflows/ports.ts';
import type { AccountSession, BmcPasswords, PasswordChange } from '@rackwright/workflows/schedule-tasks/needs.ts';
import { ownBmc } from '../own-bmc.ts';

export type BmcPasswordNeeds = {
  database: Database;
  keyring: Keyring;
  connect: ConnectBmcAccount;
  /** Ends our own session with the BMC, once nobody looks at it any more. */
  hangUp(serverId: ServerId): Promise<void>;
  settleMs: number;
  leaseMs?: number;
};

export function bmcPasswords(needs: BmcPasswordNeeds): BmcPasswords {
  const { database, keyring, hangUp, settleMs, leaseMs } = needs;
  return {
    settleMs,
    async stage(serverId, { holder, parkedAs }, reason) {
      const password = makeBmcPassword(randomBytes(BMC_PASSWORD_RANDOM_BYTES));
      const change = await stagePasswordChange(database, keyring, {
        serverId,
        holder,
        parkedAs,
        reason,
        password,
        ...(leaseMs === undefined ? {} : { leaseMs }),
      });
      // From now on nobody begins to ask it: whoever does at this moment is waited for.
      await hangUp(serverId);
      return change;
    },
    park: (change) => parkPasswordChange(database, held(change)),
    note: (change, note) => notePasswordChange(database, held(change), note),
    logIn: (change, with_) => logIn(needs, change, with_),
    commit: (change) => commitPasswordChange(database, keyring, held(change), held(change).holder),
    end: (change, how) => endPasswordChange(database, held(change), how),
  };
}

/** Whoever staged it named its holder; it travels with the change. */
const held = (change: PasswordChange): HeldChange => change as HeldChange;

async function logIn(
  { database, keyring, connect }: BmcPasswordNeeds,
  change: PasswordChange,
  with_: 'filed' | 'fresh',
): Promise<AccountSession> {
  const { endpoint, serial, old, fresh } = await readPasswords(database, keyring, change);
  const credentials = with_ === 'filed' ? old : fresh;
  if (!credentials) throw new Error('the new password of a change is gone');
  // The machine is made sure of first: a neighbour's password is not changed.
  let session: Awaited<ReturnType<ConnectBmcAccount>> | undefined;
  const remember: ConnectBmcAccount = async (...door) => {
    session = await connect(...door);
    return session;
  };
  // Whoever was taken over while it hung sends nothing any more.
  const beforeWrite = async (): Promise<void> => void (await notePasswordChange(database, held(change), {}));
  await ownBmc(async () => ({ endpoint, credentials, serial }), remember)(change.serverId, beforeWrite);
  const open = session;
  if (!open) throw new Error('a BMC was connected and is not there');
  return {
    async changeToFresh() {
      if (!fresh) throw new Fault({ code: 'bmc_protocol_error', doing: 'change the password', retry: 'never' });
      await open.changeOwnPassword(fresh.password);
    },
    endOtherSessions: () => open.endOtherSessions(),
    close: () => open.close(),
  };
}

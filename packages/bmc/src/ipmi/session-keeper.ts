// Keeps at most one session with a BMC: opens it when it is wanted, lets go of it when it must be stale.
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { IpmiClock } from './clock.ts';
import { type Datagrams, openDatagrams } from './datagrams.ts';
import { unreachable } from './faults.ts';
import { type IpmiSession, startSession } from './session.ts';

export type Whereabouts = { host: string; port: number; credentials: BmcCredentials; privilege: number; clock: IpmiClock };

export type SessionKeeper = {
  /** The open session, or a new one. Throws Fault as the handshake does; after bmc_auth_failed always the same, unasked. */
  session(): Promise<IpmiSession>;
  /** The BMC answered within the session: it lives. */
  heard(): void;
  /** Ends the session at the BMC, if there is one. */
  hangUp(): void;
  suite(): number | undefined;
};

/** BMCs drop a session after 60 s without a word (§6.12.15): a new one costs less than waiting for an answer that never comes. */
const STALE_MS = 45_000;

export function sessionKeeper(name: string, { host, port, credentials, privilege, clock }: Whereabouts): SessionKeeper {
  let open: { datagrams: Datagrams; session: IpmiSession; lastWord: number } | undefined;
  // A second try with a wrong password may lock the account: the first answer stands.
  let lockedOut: Fault | undefined;

  const hangUp = () => {
    open?.session.close();
    open?.datagrams.close();
    open = undefined;
  };

  const start = async (): Promise<IpmiSession> => {
    const doing = `open a session with ${name}`;
    const datagrams = await openDatagrams(host, port, clock).catch((cause: unknown) => {
      throw unreachable(doing, 'none', cause);
    });
    try {
      open = { datagrams, session: await startSession(datagrams, { doing, credentials, privilege }), lastWord: clock.now() };
      return open.session;
    } catch (cause) {
      datagrams.close();
      if (cause instanceof Fault && cause.code === 'bmc_auth_failed') lockedOut = cause;
      throw cause;
    }
  };

  return {
    async session() {
      if (lockedOut) throw lockedOut;
      if (open && clock.now() - open.lastWord > STALE_MS) hangUp();
      return open?.session ?? start();
    },
    heard() {
      if (open) open.lastWord = clock.now();
    },
    hangUp,
    suite: () => open?.session.suite,
  };
}

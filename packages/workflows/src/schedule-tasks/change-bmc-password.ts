// One BMC's new password: sealed, told, proven with a session of its own, put on file, old sessions ended.
//
//   staged ──► changing ──► committed ──► done            Any line may be the last one before we die: whoever comes next
//     ├► unchanged├► in doubt                             reads where it stands, and asks the BMC only where that is unknown:
//     └───────────┘ told once more                        the new password, then the old one, once each. Never a loop: BMCs lock.
import { Fault } from '@rackwright/domain/errors.ts';
import type { StoredError } from '@rackwright/workflow-engine/step-log.ts';
import type { Clock } from '../ports.ts';
import type { AccountSession, BmcPasswords, PasswordChange } from './needs.ts';
import type { Acted } from './task.ts';

type Needs = { passwords: BmcPasswords; clock: Clock };

/** One more than the plan: the first may have died between the login and its answer. */
const MOST_TRIES = 2;

/** Whoever died, or got no answer, before the BMC took it tells it once more: each telling may cost one wrong login. */
const MOST_TELLS = 2;

/** Goes on from wherever it stands. May be repeated. */
export async function changeBmcPassword(change: PasswordChange, needs: Needs): Promise<Acted> {
  switch (change.state) {
    case 'staged':
      return tell(change, needs);
    case 'changing':
      return findOut(change, needs);
    case 'committed':
      return endOldSessions(change, needs);
  }
}

/** The BMC knows nothing yet: whatever fails here leaves it with the old password. */
async function tell(staged: PasswordChange, needs: Needs): Promise<Acted> {
  const { passwords } = needs;
  let session: AccountSession;
  try {
    session = await passwords.logIn(staged, 'filed');
  } catch (thrown) {
    // It took the first telling late, after all.
    if (staged.tells > 0 && isRefusedLogin(thrown)) return findOut(await passwords.note(staged, { state: 'changing' }), needs);
    await passwords.end(staged, 'unchanged');
    throw thrown;
  }
  let changing: PasswordChange;
  let refused: unknown;
  try {
    changing = await passwords.note(staged, { state: 'changing', tells: staged.tells + 1 });
    const answered = await session.changeToFresh().then(
      () => true,
      (thrown: unknown) => ((refused = saidNo(thrown) ? thrown : undefined), false),
    );
    if (answered) changing = await passwords.note(changing, { answered });
  } finally {
    await session.close();
  }
  if (refused === undefined) return findOut(changing, needs);
  // Only a clear no is known to have changed nothing.
  await passwords.end(changing, 'unchanged');
  throw refused;
}

const saidNo = (thrown: unknown): boolean =>
  thrown instanceof Fault && thrown.effect === 'none' && thrown.code !== 'bmc_unreachable';

/** It may have either. */
async function findOut(change: PasswordChange, needs: Needs): Promise<Acted> {
  const { passwords, clock } = needs;
  const settlesAt = Date.parse(change.changedAt ?? '') + passwords.settleMs;
  if (clock.now() < settlesAt) return again('bmc_password_changing', 'the BMC is given a moment to take the new password');
  if (change.newRefused) return tryOld(change, passwords);
  if (change.newTries >= MOST_TRIES) return giveUp(change, passwords);
  const trying = await passwords.note(change, { newTries: change.newTries + 1 });
  const tried = await logIn(trying, 'fresh', passwords);
  switch (tried.outcome) {
    case 'in': {
      await tried.session.close();
      return endOldSessions(await passwords.commit(trying), needs);
    }
    case 'refused': {
      await passwords.note(trying, { newRefused: true });
      // The old one later: a BMC that is slow to take the new one is not asked both within a second.
      return again('bmc_auth_failed', 'the BMC refuses the new password; the old one is tried once');
    }
    case 'no_answer': {
      await passwords.note(trying, { newTries: change.newTries });
      return { do: 'again', because: tried.because };
    }
  }
}

async function tryOld(change: PasswordChange, passwords: BmcPasswords): Promise<Acted> {
  if (change.oldTries >= MOST_TRIES) return giveUp(change, passwords);
  const trying = await passwords.note(change, { oldTries: change.oldTries + 1 });
  const tried = await logIn(trying, 'filed', passwords);
  switch (tried.outcome) {
    case 'in': {
      await tried.session.close();
      if (!trying.answered && trying.tells < MOST_TELLS) return tellAgain(trying, passwords);
      await passwords.end(trying, 'unchanged');
      const message = 'the BMC has its old password still';
      return {
        do: 'fail',
        error: { kind: 'fault', code: 'bmc_write_unverified', message, retry: 'later', facts: {} },
        result: { finding: 'unchanged' },
      };
    }
    case 'refused':
      return giveUp(trying, passwords);
    case 'no_answer': {
      await passwords.note(trying, { oldTries: change.oldTries });
      return { do: 'again', because: tried.because };
    }
  }
}

/** Nobody knows that it was told, and it has its old password: nothing has happened yet. */
async function tellAgain(change: PasswordChange, passwords: BmcPasswords): Promise<Acted> {
  await passwords.note(change, { state: 'staged', newTries: 0, oldTries: 0, newRefused: false });
  return again('bmc_password_changing', 'the BMC has its old password still: it is told once more');
}

type Tried =
  | { outcome: 'in'; session: AccountSession }
  | { outcome: 'refused' }
  /** No login took place, or nothing is known of it. */
  | { outcome: 'no_answer'; because: StoredError };

async function logIn(change: PasswordChange, with_: 'filed' | 'fresh', passwords: BmcPasswords): Promise<Tried> {
  try {
    return { outcome: 'in', session: await passwords.logIn(change, with_) };
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    if (isRefusedLogin(thrown)) return { outcome: 'refused' };
    const { code, message, facts } = thrown;
    return { outcome: 'no_answer', because: { kind: 'fault', code, message, retry: 'later', facts } };
  }
}

const isRefusedLogin = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === 'bmc_auth_failed';

async function giveUp(change: PasswordChange, passwords: BmcPasswords): Promise<Acted> {
  await passwords.end(change, 'in_doubt');
  const message = 'the BMC refused the new and the old password';
  return {
    do: 'fail',
    error: { kind: 'refusal', code: 'bmc_password_in_doubt', message, retry: 'never', facts: {} },
    result: { finding: 'in_doubt' },
  };
}

/** Whoever logged in with the old password is logged out. A BMC that cannot do it keeps them until they fall silent. */
async function endOldSessions(committed: PasswordChange, { passwords }: Needs): Promise<Acted> {
  let sessionsEnded: number | null = null;
  try {
    const session = await passwords.logIn(committed, 'filed');
    try {
      sessionsEnded = await session.endOtherSessions();
    } finally {
      await session.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    if (thrown.code === 'bmc_unreachable' || thrown.code === 'bmc_busy') return again(thrown.code, thrown.message);
  }
  await passwords.end(committed, 'done');
  return { do: 'note', result: { finding: sessionsEnded === null ? 'changed_sessions_left' : 'changed', sessionsEnded } };
}

const again = (code: string, message: string): Acted => ({
  do: 'again',
  because: { kind: 'fault', code, message, retry: 'later', facts: {} },
});

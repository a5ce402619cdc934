// The line to one BMC: opens a session when there is none, lets one command through at a time, tries again when the BMC is busy.
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { IpmiCommand } from '@rackwright/protocols/ipmi/body.ts';
import { type IpmiClock, pause } from './clock.ts';
import { type Datagrams, openDatagrams } from './datagrams.ts';
import { isBusy, refusedCommand, unreachable } from './faults.ts';
import { type Answer, type IpmiSession, startSession } from './session.ts';

export type Told<A> = { ok: true; value: A } | { ok: false; completion: number };

export type IpmiLine = {
  /** For messages: "10.0.4.12 (IPMI)". */
  readonly name: string;
  readonly clock: IpmiClock;
  /** The answer, or the completion code that refused it. Throws Fault: unreachable, busy, auth_failed, protocol_error, unsupported. */
  ask<Q, A>(doing: string, command: IpmiCommand<Q, A>, request: Q): Promise<Told<A>>;
  /** The same where every refusal is a Fault. */
  need<Q, A>(doing: string, command: IpmiCommand<Q, A>, request: Q): Promise<A>;
  /** The cipher suite of the open session. */
  suite(): number | undefined;
  close(): Promise<void>;
};

export type LineWishes = { host: string; port: number; credentials: BmcCredentials; privilege: number; clock: IpmiClock };

/** BMCs drop a session after 60 s without a word (§6.12.15): a new one costs less than waiting for an answer that never comes. */
const STALE_MS = 45_000;
const BUSY_PAUSES_MS = [1_000, 2_000, 4_000];
const MAX_WAITING = 32;

export function ipmiLine({ host, port, credentials, privilege, clock }: LineWishes): IpmiLine {
  const name = `${host} (IPMI)`;
  let open: { datagrams: Datagrams; session: IpmiSession; lastWord: number } | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;
  // A second try with a wrong password may lock the account: the first answer stands for as long as the line does.
  let lockedOut: Fault | undefined;

  const hangUp = () => {
    open?.session.close();
    open?.datagrams.close();
    open = undefined;
  };

  const session = async (): Promise<IpmiSession> => {
    if (closed) throw unreachable(`talk to ${name}`, 'none', 'this side closed the session');
    if (lockedOut) throw lockedOut;
    if (open && clock.now() - open.lastWord > STALE_MS) hangUp();
    if (open) return open.session;
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

  const callOnce = async <Q, A>(doing: string, command: IpmiCommand<Q, A>, request: Q): Promise<Answer<A>> => {
    const answer = await (await session()).call(doing, command, request);
    if (answer.kind === 'silence') hangUp();
    else if (open) open.lastWord = clock.now();
    return answer;
  };

  const call = async <Q, A>(doing: string, command: IpmiCommand<Q, A>, request: Q): Promise<Told<A>> => {
    let answer = await callOnce(doing, command, request);
    // The BMC may have restarted and forgotten the session. A read is asked again in a new one; a write may have happened.
    if (answer.kind === 'silence' && !command.writes) answer = await callOnce(doing, command, request);
    if (answer.kind === 'silence') throw unreachable(doing, command.writes ? 'maybe' : 'none', `no answer to ${command.name}`);
    return answer.kind === 'answer' ? { ok: true, value: answer.value } : { ok: false, completion: answer.completion };
  };

  const inTurn = <T>(doing: string, act: () => Promise<T>): Promise<T> => {
    if (waiting >= MAX_WAITING) {
      const cause = `${MAX_WAITING} commands wait already`;
      return Promise.reject(new Fault({ code: 'bmc_busy', doing, retry: 'soon', cause }));
    }
    waiting += 1;
    const turn = queue.then(act).finally(() => {
      waiting -= 1;
    });
    queue = turn.catch(() => {});
    return turn;
  };

  const line: IpmiLine = {
    name,
    clock,
    suite: () => open?.session.suite,
    ask: (doing, command, request) =>
      inTurn(doing, async () => {
        for (const ms of BUSY_PAUSES_MS) {
          const told = await call(doing, command, request);
          if (told.ok || !isBusy(told.completion)) return told;
          await pause(clock, ms);
        }
        const last = await call(doing, command, request);
        if (!last.ok && isBusy(last.completion)) throw refusedCommand(doing, command.name, last.completion);
        return last;
      }),
    async need(doing, command, request) {
      const told = await line.ask(doing, command, request);
      if (!told.ok) throw refusedCommand(doing, command.name, told.completion);
      return told.value;
    },
    async close() {
      await inTurn('', async () => {
        closed = true;
        hangUp();
      }).catch(() => hangUp());
    },
  };
  return line;
}

// The line to one BMC: one command at a time, in a session that is there when needed, tried again when the BMC is busy.
import type { IpmiCommand } from '@rackwright/protocols/ipmi/body.ts';
import type { BeforeWrite } from '@rackwright/workflows/ports.ts';
import { type IpmiClock, pause } from './clock.ts';
import { isBusy, refusedCommand, unreachable } from './faults.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { Answer } from './session.ts';
import { sessionKeeper, type Whereabouts } from './session-keeper.ts';

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
  /** Never throws. */
  close(): Promise<void>;
};

const BUSY_PAUSES_MS = [1_000, 2_000, 4_000];
const MOST_WAITING = 32;

export function ipmiLine(whereabouts: Whereabouts, beforeWrite: BeforeWrite = async () => {}): IpmiLine {
  const { host, clock } = whereabouts;
  const name = `${host} (IPMI)`;
  const keeper = sessionKeeper(name, whereabouts);
  const turnstile = oneAtATime(MOST_WAITING);
  let closed = false;

  const callOnce = async <Q, A>(doing: string, command: IpmiCommand<Q, A>, request: Q): Promise<Answer<A>> => {
    if (closed) throw unreachable(doing, 'none', 'this side closed the session');
    const session = await keeper.session();
    // As late as can be: opening the session may have taken its time.
    if (command.writes) await beforeWrite();
    const answer = await session.call(doing, command, request);
    if (answer.kind === 'silence') keeper.hangUp();
    else keeper.heard();
    return answer;
  };

  const call = async <Q, A>(doing: string, command: IpmiCommand<Q, A>, request: Q): Promise<Told<A>> => {
    let answer = await callOnce(doing, command, request);
    // The BMC may have restarted and forgotten the session. A read is asked again in a new one; a write may have happened.
    if (answer.kind === 'silence' && !command.writes) answer = await callOnce(doing, command, request);
    if (answer.kind === 'silence') throw unreachable(doing, command.writes ? 'maybe' : 'none', `no answer to ${command.name}`);
    return answer.kind === 'answer' ? { ok: true, value: answer.value } : { ok: false, completion: answer.completion };
  };

  const line: IpmiLine = {
    name,
    clock,
    suite: () => keeper.suite(),
    ask: (doing, command, request) =>
      turnstile.pass(doing, async () => {
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
      // Behind what is under way; past it when the queue is full.
      await turnstile.pass(`close the session with ${name}`, () => Promise.resolve()).catch(() => {});
      closed = true;
      keeper.hangUp();
    },
  };
  return line;
}

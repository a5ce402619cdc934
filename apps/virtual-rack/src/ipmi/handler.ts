// How a simulated BMC answers one command: decoded request in, value or completion code out.
import type { IpmiCommand } from '@rackwright/protocols/ipmi/body.ts';
import { COMPLETION, PRIVILEGE } from '@rackwright/protocols/ipmi/constants.ts';
import type { BmcAccount } from '../bmc-account.ts';
import type { SimulatedChassis } from '../chassis.ts';
import type { Interference } from '../faults.ts';

/** One BMC as its commands see it. */
export type BmcState = {
  chassis: SimulatedChassis;
  account: BmcAccount;
  /** Boot option parameters that have no meaning here, kept as they were written. */
  bootParameters: Map<number, Uint8Array>;
  /** Light on now, off by itself after so many seconds. */
  lightFor(seconds: number): void;
};

/** The session that asks; absent before one is open. */
export type Caller = { privilege: number; mayHave: number; close(sessionId: number): boolean };

export type Handler = {
  name: string;
  netFn: number;
  code: number;
  writes: boolean;
  /** The least privilege; 0 is answered outside of sessions as well. */
  privilege: number;
  /** Completion code and answer. */
  run(body: Uint8Array, bmc: BmcState, caller: Caller | undefined): Uint8Array;
};

type Refused = { completion: number };

export function refuse(completion: number): Refused {
  return { completion };
}

export const ANYBODY = 0;

/** `PRIVILEGE.user` may look, `PRIVILEGE.operator` may change (IPMI 2.0 appendix G). */
export function handler<Q, A extends object>(
  command: IpmiCommand<Q, A>,
  answer: (request: Q, bmc: BmcState, caller: Caller | undefined) => A | Refused,
  privilege: number = command.writes ? PRIVILEGE.operator : PRIVILEGE.user,
): Handler {
  const { name, netFn, code, writes } = command;
  return {
    name,
    netFn,
    code,
    writes,
    privilege,
    run(body, bmc, caller) {
      const request = command.request.decode(body);
      if (!request.ok) return completed(body.length === 0 ? COMPLETION.invalidLength : COMPLETION.invalidField);
      const answered = answer(request.value, bmc, caller);
      if (isRefused(answered)) return completed(answered.completion);
      return Uint8Array.from([COMPLETION.ok, ...command.response.encode(answered)]);
    },
  };
}

export function completed(completion: number): Uint8Array {
  return Uint8Array.of(completion);
}

/** What an injected fault makes of a command: its whole answer, or undefined to go on as usual. */
export function spoiltAnswer(interference: Interference | undefined): Uint8Array | undefined {
  if (interference?.status !== undefined) return completed(interference.status & 0xff);
  // Every write's answer is empty, so a lie is just the completion code.
  return interference?.ignoreWrite ? completed(COMPLETION.ok) : undefined;
}

function isRefused(answered: object): answered is Refused {
  return 'completion' in answered;
}

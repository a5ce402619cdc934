// The one account of a simulated BMC: its password changes, wrong ones are counted, and may lock it as real BMCs do.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';

export type BmcAccount = {
  readonly username: string;
  password(): string;
  /** Does the BMC take it as a password? */
  acceptable(password: string): boolean;
  /** Sessions that are open stay open, as in the field. */
  setPassword(password: string): void;
  /** A login; wrong ones count. */
  admits(username: string, password: string): boolean;
  /** A wrong login that was found out elsewhere (IPMI proves the password without sending it). */
  refused(): void;
  /** A good login forgets the wrong ones before it. */
  admitted(): void;
  locked(): boolean;
  /** Wrong logins so far, whatever was forgotten since. */
  refusals(): number;
};

export type AccountRules = {
  /** So many wrong logins in a row lock it for good; never unless told. */
  lockAfter?: number;
};

// What most BMCs share: IPMI carries twenty bytes, Redfish services want eight.
const SHORTEST = 8;
const LONGEST = 20;

export function bmcAccount({ username, password: first }: BmcCredentials, { lockAfter }: AccountRules = {}): BmcAccount {
  let password = first;
  let inARow = 0;
  let refusals = 0;
  const locked = (): boolean => lockAfter !== undefined && inARow >= lockAfter;
  const refused = (): void => {
    inARow += 1;
    refusals += 1;
  };
  const admitted = (): void => {
    inARow = 0;
  };
  return {
    username,
    password: () => password,
    acceptable: (wanted) => wanted.length >= SHORTEST && wanted.length <= LONGEST,
    setPassword(wanted) {
      password = wanted;
    },
    admits(name, tried) {
      const right = sameSecret(name, username) && sameSecret(tried, password) && !locked();
      if (right) admitted();
      else refused();
      return right;
    },
    refused,
    admitted,
    locked,
    refusals: () => refusals,
  };
}

/** Hashed first, so that neither length nor content shows in the time it takes. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

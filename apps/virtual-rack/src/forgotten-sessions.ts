// What a simulated BMC remembers of sessions that it forgot: only how many requests still came on them.
import type { RequestsSince } from './open-session.ts';

export type ForgottenSessions = {
  /** @param keys  by which requests name them: a token, an id */
  add(keys: Iterable<string>): RequestsSince;
  /** A request came that names a session which is not there. */
  missed(key: string): void;
};

const MOST = 64;

export function forgottenSessions(): ForgottenSessions {
  let times: { keys: ReadonlySet<string>; met: number }[] = [];
  return {
    add(keys) {
      const time = { keys: new Set(keys), met: 0 };
      times = [...times, time].slice(-MOST);
      return () => time.met;
    },
    missed(key) {
      for (const time of times) if (time.keys.has(key)) time.met += 1;
    },
  };
}

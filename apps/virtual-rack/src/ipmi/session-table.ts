// The sessions of one simulated BMC: few, as in real ones, and forgotten when the slot is wanted, so that no session needs a timer.
import { randomInt } from 'node:crypto';
import type { CipherSuite } from '@rackwright/bmc/ipmi/cipher-suites.ts';
import type { RakpExchange, SessionKeys } from '@rackwright/bmc/ipmi/rakp.ts';
import type { SequenceWindow } from '@rackwright/bmc/ipmi/sequence-window.ts';
import { type BmcMood, isFull } from '../bmc-mood.ts';
import { forgottenSessions } from '../forgotten-sessions.ts';
import type { OpenSession, RequestsSince } from '../open-session.ts';

/** Between Open Session and RAKP 4. */
export type OpeningSession = {
  bmcSessionId: number;
  consoleSessionId: number;
  suite: CipherSuite;
  mayHave: number;
  /** What RAKP 1 brought, and our answer: the same question gets the same answer. */
  exchange?: { asked: Uint8Array; value: RakpExchange; answer: Uint8Array };
};

export type LiveSession = {
  bmcSessionId: number;
  consoleSessionId: number;
  suite: CipherSuite;
  keys: SessionKeys;
  privilege: number;
  mayHave: number;
  window: SequenceWindow;
  /** Of our last packet. */
  sequence: number;
  openedAt: number;
  lastWord: number;
  /** It carried a packet. One that never did is known to nobody: our RAKP 4 was lost, or came too late. */
  spoke: boolean;
  /** RAKP 3 and our RAKP 4, for when the latter was lost. */
  proof: { asked: Uint8Array; answer: Uint8Array };
  /** The last write: a repetition is answered and not done again. */
  lastWrite?: { asked: Uint8Array; answer: Uint8Array };
};

export type SessionTable = {
  opening: Map<number, OpeningSession>;
  live: Map<number, LiveSession>;
  /** An id that no session has. */
  freshId(): number;
  /** Makes room for one opening session. Strangers can push out each other, never a live session. */
  beginOpening(session: OpeningSession): void;
  /** False when all slots are held by sessions that spoke lately. */
  roomForOneMore(now: number): boolean;
  /** Those that have not been silent for too long. @param epoch  milliseconds since the epoch at `now` */
  list(now: number, epoch: number): OpenSession[];
  /** All are void, as after a restart of the BMC. */
  forget(): RequestsSince;
  /** A packet came in a session that is not there. */
  missed(bmcSessionId: number): void;
};

const MOST_OPENING = 16;
/** IPMI 2.0 §6.12.15. */
const IDLE_MS = 60_000;

export function sessionTable(mostLive: number, mood?: BmcMood): SessionTable {
  const opening = new Map<number, OpeningSession>();
  const live = new Map<number, LiveSession>();
  const forgotten = forgottenSessions();
  return {
    opening,
    live,
    freshId() {
      for (;;) {
        const id = randomInt(1, 0xffff_ffff);
        if (!live.has(id) && !opening.has(id)) return id;
      }
    },
    beginOpening(session) {
      const oldest = opening.keys().next().value;
      if (opening.size >= MOST_OPENING && oldest !== undefined) opening.delete(oldest);
      opening.set(session.bmcSessionId, session);
    },
    roomForOneMore(now) {
      if (isFull(mood)) return false;
      if (live.size < mostLive) return true;
      for (const [id, session] of live) if (now - session.lastWord > IDLE_MS) live.delete(id);
      return live.size < mostLive;
    },
    list: (now, epoch) =>
      [...live.values()].flatMap(({ bmcSessionId, openedAt, lastWord, spoke }) => {
        if (now - lastWord > IDLE_MS) return [];
        const since = { openedAt: epoch - (now - openedAt), usedAt: epoch - (now - lastWord) };
        return [{ id: String(bmcSessionId), ...since, told: spoke, ending: false }];
      }),
    forget() {
      const since = forgotten.add([...live.keys()].map(String));
      live.clear();
      opening.clear();
      return since;
    },
    missed: (bmcSessionId) => forgotten.missed(String(bmcSessionId)),
  };
}

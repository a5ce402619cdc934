// The BMC's side of opening a session: Open Session and RAKP 1 to 4 (IPMI 2.0 §13.17 to §13.24).
import { randomBytes } from 'node:crypto';
import { suiteOf } from '@rackwright/bmc/ipmi/cipher-suites.ts';
import {
  rakp2Code,
  rakp3Code,
  rakp4Check,
  sameCode,
  sessionIntegrityKey,
  sessionKeys,
  userKey,
} from '@rackwright/bmc/ipmi/rakp.ts';
import { sequenceWindow } from '@rackwright/bmc/ipmi/sequence-window.ts';
import type { BmcAccount } from '../bmc-account.ts';
import { PAYLOAD, PRIVILEGE, RAKP_STATUS } from '@rackwright/protocols/ipmi/constants.ts';
import { guidBytes } from '@rackwright/protocols/ipmi/guid.ts';
import { openSessionRequest, openSessionResponse } from '@rackwright/protocols/ipmi/open-session.ts';
import { rakp1 } from '@rackwright/protocols/ipmi/rakp-1.ts';
import { rakp2 } from '@rackwright/protocols/ipmi/rakp-2.ts';
import { rakp3 } from '@rackwright/protocols/ipmi/rakp-3.ts';
import { rakp4 } from '@rackwright/protocols/ipmi/rakp-4.ts';
import { type BmcMood, isLockedOut } from '../bmc-mood.ts';
import type { SessionTable } from './session-table.ts';

export type Doorkeeper = {
  /** The answer's payload to an opening payload, or undefined for silence. */
  answer(payloadType: number, payload: Uint8Array, now: number): Uint8Array | undefined;
};

export type House = {
  account: BmcAccount;
  uuid: string;
  sessions: SessionTable;
  mood?: BmcMood;
};

/** What every step needs: the house, its account and its GUID. */
type Door = { account: BmcAccount; bmcGuid: Uint8Array; sessions: SessionTable; isLocked: () => boolean };

const NO_CODE = new Uint8Array(0);

/** Throws RangeError for a password that IPMI cannot carry. */
export function doorkeeper({ account, uuid, sessions, mood }: House): Doorkeeper {
  keyOf(account);
  const isLocked = (): boolean => isLockedOut(mood) || account.locked();
  const door: Door = { account, bmcGuid: guidBytes(uuid, 'smbios'), sessions, isLocked };
  return {
    answer(payloadType, payload, now) {
      switch (payloadType) {
        case PAYLOAD.openSessionRequest:
          return openSession(door, payload, now);
        case PAYLOAD.rakp1:
          return answerRakp1(door, payload);
        case PAYLOAD.rakp3:
          return answerRakp3(door, payload, now);
        default:
          return undefined;
      }
    },
  };
}

/** Of the password as it is now. */
function keyOf(account: BmcAccount): Uint8Array {
  const key = userKey(account.password());
  if (!key) throw new RangeError('IPMI passwords have at most 20 bytes');
  return key;
}

function openSession({ sessions }: Door, payload: Uint8Array, now: number): Uint8Array | undefined {
  const request = openSessionRequest.decode(payload);
  if (!request.ok) return undefined;
  const { tag, consoleSessionId, algorithms, privilege } = request.value;
  const refuse = (status: number) => openSessionResponse.encode({ accepted: false, tag, status, consoleSessionId });
  const suite = suiteOf(algorithms);
  if (!suite) return refuse(RAKP_STATUS.noCipherSuiteMatch);
  if (privilege > PRIVILEGE.administrator) return refuse(RAKP_STATUS.invalidRole);
  if (!sessions.roomForOneMore(now)) return refuse(RAKP_STATUS.noResources);
  const bmcSessionId = sessions.freshId();
  const mayHave = privilege === 0 ? PRIVILEGE.administrator : privilege;
  sessions.beginOpening({ bmcSessionId, consoleSessionId, suite, mayHave });
  return openSessionResponse.encode({ accepted: true, tag, privilege: mayHave, consoleSessionId, bmcSessionId, algorithms });
}

function answerRakp1({ account, bmcGuid, sessions, isLocked }: Door, payload: Uint8Array): Uint8Array | undefined {
  const message = rakp1.decode(payload);
  const session = message.ok ? sessions.opening.get(message.value.bmcSessionId) : undefined;
  if (!message.ok || !session) return undefined;
  const { tag, role, username, consoleRandom } = message.value;
  const { suite, consoleSessionId, bmcSessionId } = session;
  if (session.exchange) return sameCode(session.exchange.asked, payload) ? session.exchange.answer : undefined;
  const refuse = (status: number) => {
    sessions.opening.delete(bmcSessionId);
    return rakp2.encode({ accepted: false, tag, status, consoleSessionId });
  };
  // A locked account is as unknown as a wrong one: the console learns no more.
  if (username !== account.username || isLocked()) return refuse(RAKP_STATUS.unauthorizedName);
  const privilege = role & 0x0f;
  if (privilege === 0 || privilege > session.mayHave) return refuse(RAKP_STATUS.unauthorizedRole);
  const bmcRandom = Uint8Array.from(randomBytes(16));
  const value = { suite, consoleSessionId, bmcSessionId, consoleRandom, bmcRandom, bmcGuid, role, username };
  const code = rakp2Code(value, keyOf(account));
  const answer = rakp2.encode({ accepted: true, tag, consoleSessionId, bmcRandom, bmcGuid, code });
  session.exchange = { asked: payload, value, answer };
  return answer;
}

function answerRakp3({ account, sessions, isLocked }: Door, payload: Uint8Array, now: number): Uint8Array | undefined {
  const message = rakp3.decode(payload);
  if (!message.ok) return undefined;
  const { tag, status, bmcSessionId, code } = message.value;
  const proved = sessions.live.get(bmcSessionId)?.proof;
  if (proved) return sameCode(proved.asked, payload) ? proved.answer : undefined;
  const session = sessions.opening.get(bmcSessionId);
  if (!session?.exchange) return undefined;
  sessions.opening.delete(bmcSessionId);
  // The console gave up, which it does when our proof does not fit its password: the slot is free, nobody waits for a word.
  if (status !== RAKP_STATUS.ok) {
    account.refused();
    return undefined;
  }

  const { suite, consoleSessionId, mayHave } = session;
  const exchange = session.exchange.value;
  const refuse = (why: number) => rakp4.encode({ tag, status: why, consoleSessionId, check: NO_CODE });
  if (isLocked() || !sameCode(rakp3Code(exchange, keyOf(account)), code)) {
    account.refused();
    return refuse(RAKP_STATUS.invalidIntegrityCheck);
  }
  account.admitted();
  if (!sessions.roomForOneMore(now)) return refuse(RAKP_STATUS.noResources);
  const sessionKey = sessionIntegrityKey(exchange, keyOf(account));
  const answer = rakp4.encode({ tag, status: RAKP_STATUS.ok, consoleSessionId, check: rakp4Check(exchange, sessionKey) });
  sessions.live.set(bmcSessionId, {
    bmcSessionId,
    consoleSessionId,
    suite,
    mayHave: Math.min(mayHave, exchange.role & 0x0f),
    keys: sessionKeys(suite, sessionKey),
    // A session starts low, whatever it may have (§6.12.3).
    privilege: PRIVILEGE.user,
    window: sequenceWindow('strict'),
    sequence: 0,
    openedAt: now,
    lastWord: now,
    spoke: false,
    proof: { asked: payload, answer },
  });
  return answer;
}

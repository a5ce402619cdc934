// Opens an RMCP+ session: capabilities, open session, RAKP 1 to 4 (IPMI 2.0 §13.14 to §13.24), best cipher suite first.
import { randomBytes, randomInt } from 'node:crypto';
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';
import type { Body } from '@rackwright/protocols/ipmi/body.ts';
import { PAYLOAD, RAKP_STATUS } from '@rackwright/protocols/ipmi/constants.ts';
import { type OpenSessionResponse, openSessionRequest, openSessionResponse } from '@rackwright/protocols/ipmi/open-session.ts';
import { rakp1 } from '@rackwright/protocols/ipmi/rakp-1.ts';
import { rakp2 } from '@rackwright/protocols/ipmi/rakp-2.ts';
import { rakp3 } from '@rackwright/protocols/ipmi/rakp-3.ts';
import { rakp4 } from '@rackwright/protocols/ipmi/rakp-4.ts';
import { CIPHER_SUITES, type CipherSuite, sameAlgorithms } from './cipher-suites.ts';
import type { Datagrams } from './datagrams.ts';
import { authFailed, protocolError, refusedSession, unreachable, unsupported } from './faults.ts';
import { plainPacket, plainPayload } from './plain-packet.ts';
import {
  rakp2Code,
  rakp3Code,
  rakp4Check,
  type SessionKeys,
  sameCode,
  sessionIntegrityKey,
  sessionKeys,
  userKey,
} from './rakp.ts';

export type OpenSession = { suite: CipherSuite; keys: SessionKeys; consoleSessionId: number; bmcSessionId: number };

export type HandshakeWishes = { doing: string; credentials: BmcCredentials; privilege: number };

/**
 * Each message is sent once: a repeated RAKP 1 would make the BMC draw a new number while we hold the old one, and the mismatch
 * would look like a wrong password. Instead the whole exchange starts again, with new ids; three times, as each costs a slot.
 */
const TRY_WAITS_MS = [2_000, 4_000, 6_000];

/** Statuses that say "not with this suite". Some BMCs say "no resources" to a suite they do not know (Intel M50CYP). */
const NEXT_SUITE = new Set<number>([
  RAKP_STATUS.noResources,
  RAKP_STATUS.invalidAuthentication,
  RAKP_STATUS.invalidIntegrity,
  RAKP_STATUS.illegalParameter,
  RAKP_STATUS.invalidConfidentiality,
  RAKP_STATUS.noCipherSuiteMatch,
  RAKP_STATUS.noMatchingAuthentication,
  RAKP_STATUS.noMatchingIntegrity,
]);

/** Throws Fault: unreachable, auth_failed, busy, unsupported, protocol_error. */
export async function openSession(datagrams: Datagrams, wishes: HandshakeWishes): Promise<OpenSession> {
  const key = keyOf(wishes);
  try {
    return await withFirstSuiteTaken(datagrams, wishes, key);
  } finally {
    key.fill(0);
  }
}

/** Throws bmc_auth_failed for a name or a password that no IPMI message has room for. */
export function keyOf({ doing, credentials }: HandshakeWishes): Uint8Array {
  const key = userKey(credentials.password);
  const name = new TextEncoder().encode(credentials.username);
  if (!key || name.length > 16) throw authFailed(doing, 'IPMI takes names of up to 16 and passwords of up to 20 bytes');
  return key;
}

/** A BMC may also meet a suite that it does not know with silence, so silence leads to the next one too. */
async function withFirstSuiteTaken(datagrams: Datagrams, wishes: HandshakeWishes, key: Uint8Array): Promise<OpenSession> {
  let outcome: OpenSession | number | 'silence' = 'silence';
  for (const suite of CIPHER_SUITES) {
    for (const waitMs of TRY_WAITS_MS) {
      outcome = await tryOnce(datagrams, { ...wishes, suite, key, waitMs });
      if (typeof outcome === 'object') return outcome;
      if (outcome !== 'silence') break;
    }
  }
  // What the last suite met decides.
  if (outcome === 'silence') throw unreachable(wishes.doing, 'none', 'no answer while the session was being opened');
  if (outcome === RAKP_STATUS.noResources) throw refusedSession(wishes.doing, outcome);
  throw unsupported(wishes.doing, 'the BMC takes neither cipher suite 17 nor 3');
}

type Attempt = HandshakeWishes & { suite: CipherSuite; key: Uint8Array; waitMs: number };

/** A session, a status that calls for the next suite, or silence. */
async function tryOnce(datagrams: Datagrams, attempt: Attempt): Promise<OpenSession | number | 'silence'> {
  const { doing, suite, privilege } = attempt;
  const consoleSessionId = randomInt(1, 0xffff_ffff);
  const tag = randomInt(0, 256);
  const ask = <Q, A extends { tag: number; consoleSessionId?: number }>(
    type: number,
    body: Body<Q>,
    message: Q,
    answer: Body<A>,
  ) =>
    datagrams.exchange<A>({
      packet: () => plainPacket(type, body.encode(message)),
      waitsMs: [attempt.waitMs],
      read(datagram) {
        const payload = plainPayload(datagram, type + 1);
        const decoded = payload && answer.decode(payload);
        if (!decoded?.ok || decoded.value.tag !== tag) return undefined;
        return (decoded.value.consoleSessionId ?? consoleSessionId) === consoleSessionId ? decoded.value : undefined;
      },
    });

  const request = { tag, privilege, consoleSessionId, algorithms: suite.algorithms };
  const opened = await ask(PAYLOAD.openSessionRequest, openSessionRequest, request, openSessionResponse);
  if (!opened) return 'silence';
  if (!opened.accepted && NEXT_SUITE.has(opened.status)) return opened.status;
  const bmcSessionId = acceptedId(opened, attempt);

  const role = 0x10 | privilege;
  const username = attempt.credentials.username;
  const consoleRandom = Uint8Array.from(randomBytes(16));
  const second = await ask(PAYLOAD.rakp1, rakp1, { tag, bmcSessionId, consoleRandom, role, username }, rakp2);
  if (!second) return 'silence';
  if (!second.accepted) throw refusedSession(doing, second.status);
  const { bmcRandom, bmcGuid } = second;
  const exchange = { suite, consoleSessionId, bmcSessionId, consoleRandom, bmcRandom, bmcGuid, role, username };
  if (!sameCode(rakp2Code(exchange, attempt.key), second.code)) {
    // Says to the BMC that we give up, so that it frees the slot (§13.22).
    const giveUp = { tag, status: RAKP_STATUS.invalidIntegrityCheck, bmcSessionId, code: new Uint8Array(0) };
    datagrams.send(plainPacket(PAYLOAD.rakp3, rakp3.encode(giveUp)));
    throw authFailed(doing, 'wrong password (or the BMC has a key of its own, which Rackwright does not send)');
  }

  const proof = { tag, status: RAKP_STATUS.ok, bmcSessionId, code: rakp3Code(exchange, attempt.key) };
  const fourth = await ask(PAYLOAD.rakp3, rakp3, proof, rakp4);
  if (!fourth) return 'silence';
  if (fourth.status !== RAKP_STATUS.ok) throw refusedSession(doing, fourth.status);
  const sessionKey = sessionIntegrityKey(exchange, attempt.key);
  if (!sameCode(rakp4Check(exchange, sessionKey), fourth.check)) throw protocolError(doing, 'the BMC holds another session key');
  return { suite, keys: sessionKeys(suite, sessionKey), consoleSessionId, bmcSessionId };
}

/** The BMC's session id, if it agreed to just what we asked for: a weaker suite slipped in here would go unnoticed. */
function acceptedId(opened: OpenSessionResponse, { doing, suite }: Attempt): number {
  if (!opened.accepted) throw refusedSession(doing, opened.status);
  if (!sameAlgorithms(opened.algorithms, suite.algorithms)) throw protocolError(doing, 'the BMC changed the cipher suite');
  return opened.bmcSessionId;
}

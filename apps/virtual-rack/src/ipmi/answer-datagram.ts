// One datagram to a simulated BMC and what it answers: in which wrapping it came, who asks, which command, which injected fault.
import { oldPacket, plainPacket } from '@rackwright/bmc/ipmi/plain-packet.ts';
import { openPacket, sealPacket } from '@rackwright/bmc/ipmi/sealed-packet.ts';
import { sameCode } from '@rackwright/bmc/ipmi/rakp.ts';
import { nextSequence } from '@rackwright/bmc/ipmi/sequence-window.ts';
import { closeSession } from '@rackwright/protocols/ipmi/close-session.ts';
import { BMC_ADDRESS, COMPLETION, PAYLOAD, PRIVILEGE } from '@rackwright/protocols/ipmi/constants.ts';
import { decodeLanMessage, encodeLanMessage, type LanMessage } from '@rackwright/protocols/ipmi/lan-message.ts';
import { decodeRmcp, encodeRmcp, IPMI_SUPPORTED, NO_ACK } from '@rackwright/protocols/ipmi/rmcp.ts';
import { decodeSessionPacket, type SessionPacket } from '@rackwright/protocols/ipmi/session-packet.ts';
import type { Interference } from '../faults.ts';
import { handlerFor } from './answers.ts';
import { ANYBODY, type BmcState, type Caller, completed, type Handler, spoiltAnswer } from './handler.ts';
import type { Doorkeeper } from './opening.ts';
import type { LiveSession, SessionTable } from './session-table.ts';

/** `question` is the same for a request and its repetition; GOODBYE for the end of a session, whose answer nobody waits for. */
export type Reply = { bytes: Uint8Array; delayMs: number; question: string };
export type RespondingBmc = { bmc: BmcState; sessions: SessionTable; door: Doorkeeper; now: () => number };

type PlusPacket = Extract<SessionPacket, { format: 'rmcp+' }>;
/** An answered message, before it is wrapped as its request was. */
type Answered = { message: Uint8Array; delayMs: number; isGoodbye?: boolean };

export const GOODBYE = 'goodbye';
const ASF_ENTERPRISE = 4542;
/** How fault rules call the opening of a session, which is no command. */
const OPEN_SESSION = 'Open Session';

/** Undefined: silence, which is also what everything malformed, forged, late or doubled gets. */
export function answerDatagram(to: RespondingBmc, datagram: Uint8Array): Reply | undefined {
  const rmcp = decodeRmcp(datagram);
  if (!rmcp.ok) return undefined;
  if (rmcp.value.kind === 'ping') {
    const pong = { enterprise: ASF_ENTERPRISE, oem: 0, entities: IPMI_SUPPORTED, interactions: 0 };
    return { bytes: encodeRmcp({ kind: 'pong', sequence: NO_ACK, tag: rmcp.value.tag, ...pong }), delayMs: 0, question: 'ping' };
  }
  if (rmcp.value.kind !== 'ipmi') return undefined;
  const packet = decodeSessionPacket(rmcp.value.body);
  if (!packet.ok) return undefined;
  if (packet.value.format === '1.5') {
    return packet.value.sessionId === 0 ? wrapped(answerStranger(to, packet.value.payload), oldPacket) : undefined;
  }
  if (packet.value.authenticated || packet.value.encrypted) return answerSession(to, rmcp.value.body, packet.value);
  return packet.value.sessionId === 0 ? answerPlain(to, packet.value) : undefined;
}

function answerPlain(to: RespondingBmc, { payloadType, payload }: PlusPacket): Reply | undefined {
  if (payloadType === PAYLOAD.ipmi) return wrapped(answerStranger(to, payload), (message) => plainPacket(PAYLOAD.ipmi, message));
  let spoilt: Interference | undefined;
  if (payloadType === PAYLOAD.openSessionRequest) {
    spoilt = to.bmc.chassis.faults.intercept({ protocol: 'ipmi', target: OPEN_SESSION, write: false });
  }
  if (spoilt?.drop) return undefined;
  const answer = to.door.answer(payloadType, payload, to.now());
  const question = `payload ${payloadType}`;
  return answer && { bytes: plainPacket(payloadType + 1, answer), delayMs: spoilt?.delayMs ?? 0, question };
}

function answerStranger(to: RespondingBmc, payload: Uint8Array): Answered | undefined {
  const message = requestIn(payload);
  if (!message) return undefined;
  const known = handlerFor(message.netFn, message.command);
  // Who is not known learns nothing, not even which commands exist.
  return known?.privilege === ANYBODY ? obey(to, message, known, undefined) : undefined;
}

function answerSession(to: RespondingBmc, body: Uint8Array, packet: PlusPacket): Reply | undefined {
  const session = to.sessions.live.get(packet.sessionId);
  const payload = session && packet.payloadType === PAYLOAD.ipmi ? openPacket(session, body, packet) : undefined;
  if (!session) to.sessions.missed(packet.sessionId);
  if (!session || !payload || !session.window.accept(packet.sequence)) return undefined;
  session.lastWord = to.now();
  session.spoke = true;
  const message = requestIn(payload);
  if (!message) return undefined;
  return wrapped(answerOnce(to, session, message, payload), (answer) => {
    session.sequence = nextSequence(session.sequence);
    const address = { sessionId: session.consoleSessionId, sequence: session.sequence, payloadType: PAYLOAD.ipmi };
    return sealPacket(session, address, answer);
  });
}

/** A write that comes again, byte for byte, because its answer was lost, is answered from memory: a power cycle happens once. */
function answerOnce(to: RespondingBmc, session: LiveSession, message: LanMessage, payload: Uint8Array): Answered | undefined {
  const known = handlerFor(message.netFn, message.command);
  if (known?.writes && session.lastWrite && sameCode(session.lastWrite.asked, payload)) {
    return { message: session.lastWrite.answer, delayMs: 0 };
  }
  const answered = obey(to, message, known, callerIn(to.sessions, session));
  if (known?.writes && answered) session.lastWrite = { asked: payload, answer: answered.message };
  // Anything else in between makes an equal write a new wish: message numbers come round after 64.
  else if (!known?.writes) delete session.lastWrite;
  return answered;
}

function obey(
  { bmc }: RespondingBmc,
  message: LanMessage,
  known: Handler | undefined,
  caller: Caller | undefined,
): Answered | undefined {
  if (!known) return { message: answerTo(message, completed(COMPLETION.invalidCommand)), delayMs: 0 };
  if ((caller?.privilege ?? ANYBODY) < known.privilege) {
    return { message: answerTo(message, completed(COMPLETION.insufficientPrivilege)), delayMs: 0 };
  }
  const spoilt = bmc.chassis.faults.intercept({ protocol: 'ipmi', target: known.name, write: known.writes });
  if (spoilt?.drop) return undefined;
  const body = spoiltAnswer(spoilt) ?? known.run(message.body, bmc, caller);
  // Done, and nobody hears of it.
  if (spoilt?.loseAnswer) return undefined;
  return { message: answerTo(message, body), delayMs: spoilt?.delayMs ?? 0, isGoodbye: known.name === closeSession.name };
}

function callerIn(sessions: SessionTable, session: LiveSession): Caller {
  return {
    mayHave: session.mayHave,
    get privilege() {
      return session.privilege;
    },
    set privilege(level) {
      session.privilege = level;
    },
    // Only administrators may end others' sessions (§22.19).
    close(sessionId) {
      if (sessionId !== session.bmcSessionId && session.privilege < PRIVILEGE.administrator) return false;
      return sessions.live.delete(sessionId);
    },
  };
}

function requestIn(payload: Uint8Array): LanMessage | undefined {
  const message = decodeLanMessage(payload);
  if (!message.ok || message.value.to !== BMC_ADDRESS || message.value.netFn % 2 !== 0) return undefined;
  return message.value;
}

function answerTo(request: LanMessage, body: Uint8Array): Uint8Array {
  const { from, to, fromLun, toLun, netFn, sequence, command } = request;
  return encodeLanMessage({ to: from, toLun: fromLun, from: to, fromLun: toLun, netFn: netFn + 1, sequence, command, body });
}

function wrapped(answered: Answered | undefined, wrap: (message: Uint8Array) => Uint8Array): Reply | undefined {
  if (!answered) return undefined;
  // The answer carries the number of its request.
  const question = answered.isGoodbye ? GOODBYE : Buffer.from(answered.message).toString('latin1');
  return { bytes: wrap(answered.message), delayMs: answered.delayMs, question };
}

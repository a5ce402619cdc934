// An open IPMI session: one command at a time, each sent again on a schedule until its answer comes.
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';
import type { IpmiCommand } from '@rackwright/protocols/ipmi/body.ts';
import { closeSession } from '@rackwright/protocols/ipmi/close-session.ts';
import { BMC_ADDRESS, COMPLETION, CONSOLE_ADDRESS, PAYLOAD, PRIVILEGE } from '@rackwright/protocols/ipmi/constants.ts';
import {
  CURRENT_CHANNEL,
  getChannelAuthenticationCapabilities,
  speaksIpmi2,
} from '@rackwright/protocols/ipmi/get-channel-authentication-capabilities.ts';
import { decodeLanMessage, encodeLanMessage } from '@rackwright/protocols/ipmi/lan-message.ts';
import { decodeRmcp } from '@rackwright/protocols/ipmi/rmcp.ts';
import { decodeSessionPacket } from '@rackwright/protocols/ipmi/session-packet.ts';
import { setSessionPrivilegeLevel } from '@rackwright/protocols/ipmi/set-session-privilege-level.ts';
import type { Datagrams } from './datagrams.ts';
import { authFailed, protocolError, unreachable, unsupported } from './faults.ts';
import { keyOf, openSession } from './handshake.ts';
import { oldPacket, oldPayload } from './plain-packet.ts';
import { openPacket, sealPacket } from './sealed-packet.ts';
import { nextSequence, sequenceWindow } from './sequence-window.ts';

/** `silence`: no answer within the schedule; a write may have happened. */
export type Answer<A> = { kind: 'answer'; value: A } | { kind: 'refused'; completion: number } | { kind: 'silence' };

export type IpmiSession = {
  readonly suite: number;
  /** Throws Fault bmc_protocol_error when the answer cannot be read. */
  call<Q, A>(doing: string, command: IpmiCommand<Q, A>, request: Q): Promise<Answer<A>>;
  /** Says goodbye without waiting: some BMCs never answer it. */
  close(): void;
};

const FIRST_CONTACT_WAITS_MS = [1_000, 2_000, 3_000];
/** Four sendings, twelve seconds in all. */
const COMMAND_WAITS_MS = [1_000, 2_000, 3_000, 6_000];

export type SessionWishes = { doing: string; credentials: BmcCredentials; privilege: number };

/** Throws Fault as the handshake does, and bmc_unsupported for a BMC that knows only IPMI 1.5. */
export async function startSession(datagrams: Datagrams, wishes: SessionWishes): Promise<IpmiSession> {
  keyOf(wishes).fill(0);
  await checkCapabilities(datagrams, wishes);
  const { suite, keys, consoleSessionId, bmcSessionId } = await openSession(datagrams, wishes);
  const sealing = { suite, keys };
  const window = sequenceWindow('lenient');
  let sequence = 0;
  let messageNumber = 0;

  const seal = (message: Uint8Array) => {
    sequence = nextSequence(sequence);
    return sealPacket(sealing, { sessionId: bmcSessionId, sequence, payloadType: PAYLOAD.ipmi }, message);
  };
  const unseal = (datagram: Uint8Array): Uint8Array | undefined => {
    const rmcp = decodeRmcp(datagram);
    if (!rmcp.ok || rmcp.value.kind !== 'ipmi') return undefined;
    const packet = decodeSessionPacket(rmcp.value.body);
    if (!packet.ok || packet.value.format !== 'rmcp+' || packet.value.payloadType !== PAYLOAD.ipmi) return undefined;
    if (packet.value.sessionId !== consoleSessionId) return undefined;
    const payload = openPacket(sealing, rmcp.value.body, packet.value);
    // Only a packet that proved itself may move the window.
    return payload && window.accept(packet.value.sequence) ? payload : undefined;
  };

  const session: IpmiSession = {
    suite: suite.number,
    async call(doing, command, request) {
      messageNumber = (messageNumber + 1) % 64;
      const number = messageNumber;
      const message = requestMessage(command, request, number);
      // A new session sequence for each sending, the same message number: a BMC may know a repetition by it.
      const packet = () => seal(message);
      const read = (datagram: Uint8Array) => answerBytes(unseal(datagram), command, number);
      return readAnswer(doing, command, await datagrams.exchange({ packet, read, waitsMs: COMMAND_WAITS_MS }));
    },
    close() {
      datagrams.send(seal(requestMessage(closeSession, { sessionId: bmcSessionId }, (messageNumber + 1) % 64)));
    },
  };
  await raisePrivilege(session, wishes);
  return session;
}

/** Needs no session and no password. Throws Fault bmc_unreachable, and bmc_unsupported for a BMC that knows only IPMI 1.5. */
export async function checkCapabilities(
  datagrams: Datagrams,
  { doing, privilege }: Omit<SessionWishes, 'credentials'>,
): Promise<void> {
  // BMCs that know only 1.5 may refuse the question about 2.0; then the plain question tells.
  for (const extended of [true, false]) {
    const command = getChannelAuthenticationCapabilities;
    const message = requestMessage(command, { channel: CURRENT_CHANNEL, extended, privilege }, extended ? 1 : 2);
    const bytes = await datagrams.exchange({
      packet: () => oldPacket(message),
      read: (datagram) => answerBytes(oldPayload(datagram), command, extended ? 1 : 2),
      waitsMs: FIRST_CONTACT_WAITS_MS,
    });
    const answer = readAnswer(doing, command, bytes);
    if (answer.kind === 'silence') throw unreachable(doing, 'none');
    if (answer.kind === 'answer' && extended && speaksIpmi2(answer.value)) return;
    if (answer.kind === 'answer') break;
  }
  throw unsupported(doing, 'the BMC does not speak IPMI 2.0 (RMCP+)');
}

async function raisePrivilege(session: IpmiSession, { doing, privilege }: SessionWishes): Promise<void> {
  if (privilege <= PRIVILEGE.user) return;
  const answer = await session.call(doing, setSessionPrivilegeLevel, { privilege });
  if (answer.kind === 'answer' && answer.value.privilege >= privilege) return;
  session.close();
  if (answer.kind === 'silence') throw unreachable(doing, 'none', 'no answer to the first command of the session');
  throw authFailed(doing, 'the user may not have the privilege that Rackwright needs');
}

function requestMessage<Q, A>(command: IpmiCommand<Q, A>, request: Q, sequence: number): Uint8Array {
  const addresses = { to: BMC_ADDRESS, toLun: 0, from: CONSOLE_ADDRESS, fromLun: 0 };
  return encodeLanMessage({
    ...addresses,
    netFn: command.netFn,
    sequence,
    command: command.code,
    body: command.request.encode(request),
  });
}

/** Completion code and body of the message that answers this request; undefined for any other. */
function answerBytes(
  payload: Uint8Array | undefined,
  command: { netFn: number; code: number },
  number: number,
): Uint8Array | undefined {
  const message = payload && decodeLanMessage(payload);
  if (!message?.ok) return undefined;
  const { netFn, command: code, sequence, body } = message.value;
  return netFn === command.netFn + 1 && code === command.code && sequence === number && body.length > 0 ? body : undefined;
}

function readAnswer<Q, A>(doing: string, command: IpmiCommand<Q, A>, bytes: Uint8Array | undefined): Answer<A> {
  if (!bytes) return { kind: 'silence' };
  const completion = bytes[0] ?? COMPLETION.unspecified;
  if (completion !== COMPLETION.ok) return { kind: 'refused', completion };
  const decoded = command.response.decode(bytes.slice(1));
  if (decoded.ok) return { kind: 'answer', value: decoded.value };
  throw protocolError(doing, `the answer to ${command.name} cannot be read: ${decoded.fault}`, command.writes ? 'done' : 'none');
}

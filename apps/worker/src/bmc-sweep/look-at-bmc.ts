// One look at one BMC: knock if it was silent, read power and health, and now and then the event log; what came of it, to be recorded.
import type { BmcCredentials, BmcEndpoint, BmcLook } from '@rackwright/domain/bmc.ts';
import { newEntries, notableEntries } from '@rackwright/domain/bmc-sweep/log-cursor.ts';
import { afterLook, type Looked } from '@rackwright/domain/bmc-sweep/reading.ts';
import { nextSlot, SWEEP_PACES, sweepTier } from '@rackwright/domain/bmc-sweep/tiers.ts';
import { hours, minutes, seconds } from '@rackwright/domain/durations.ts';
import { Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { ServerId } from '@rackwright/domain/ids.ts';
import type { Bmc } from '@rackwright/workflows/ports.ts';
import type { BmcConnections, BmcDoor } from '../bmc-connections.ts';
import type { Log } from '../needs.ts';
import type { DueLook, RecordedLook } from './needs.ts';
import { within } from '../within.ts';
import { sayWhy } from '../say-why.ts';

export type LookNeeds = {
  connections: Pick<BmcConnections, 'visit'>;
  /** Without patience. */
  connect(endpoint: BmcEndpoint, credentials: BmcCredentials): Promise<Bmc>;
  /** Ends when anything answered, without credentials. */
  probe(endpoint: BmcEndpoint): Promise<void>;
  now(): number;
  log: Log;
};

export type LookAtBmc = (due: DueLook) => Promise<RecordedLook>;

/** A BMC whose log takes longer is cut off: it has other things to do. */
const LOG_MS = seconds(45);
const IN_USE_MS = seconds(15);
const DOUBTFUL_MS = minutes(1);
const IDENTITY_MS = hours(1);
const NOTABLE_MOST = 100;
const PROVEN_MOST = 20_000;

type RecordedLog = NonNullable<RecordedLook['log']>;

export function bmcLooker(needs: LookNeeds): LookAtBmc {
  const proveIdentity = identityProof(needs);
  return async (due) => {
    const { serverId, mark } = due;
    let seen: BmcLook | undefined;
    let log: RecordedLog | undefined;
    const does = async (door: BmcDoor): Promise<void> => {
      if (due.reading.circuit.state === 'open') await needs.probe(due.endpoint);
      const bmc = await door.bmc();
      const look = await bmc.look();
      refuseNeighbour(due, look.serial);
      seen = look;
      if (logIsDue(due, needs.now())) log = await readLog(bmc, due, needs.now);
    };
    const visit = { mark, keepMs: keepFor(due), connect: () => proveIdentity(due), does };
    try {
      if ((await needs.connections.visit(serverId, visit)) === 'in_use') return putOff(due, needs.now());
    } catch (thrown) {
      // A log that cannot be read makes nobody dead: the look before it stands.
      if (seen === undefined) return recorded(due, { kind: 'failed', code: codeOf(thrown, due, needs.log) }, needs.now());
      log = due.logReadAt === null ? undefined : { readAt: needs.now(), cursor: due.logCursor, notable: [], historic: false };
    }
    const { power, health } = seen ?? { power: 'unknown', health: 'unknown' };
    return recorded(due, { kind: 'seen', power, health }, needs.now(), log);
  };
}

function recorded(due: DueLook, looked: Looked, now: number, log?: RecordedLog): RecordedLook {
  const { reading, change } = afterLook(due.reading, looked, now, due.spread);
  const { circuit } = reading;
  const slot = nextSlot(now, paceOf(due).lookMs, due.spread);
  const dueAt = {
    // One that was silent for the first time is asked again soon, whatever it does: three times make it dead.
    closed: circuit.failures > 0 ? Math.min(slot, now + DOUBTFUL_MS) : slot,
    open: circuit.retryAt ?? slot,
    refused: null,
  }[circuit.state];
  const refusedMark = circuit.state === 'refused' ? due.mark : null;
  return { serverId: due.serverId, reading, change, dueAt, refusedMark, ...(log ? { log } : {}) };
}

/** Somebody of this process talks to it: that is no news about the BMC. */
function putOff({ serverId, reading, mark }: DueLook, now: number): RecordedLook {
  const refusedMark = reading.circuit.state === 'refused' ? mark : null;
  return { serverId, reading, change: {}, dueAt: now + IN_USE_MS, refusedMark };
}

function paceOf({ state }: DueLook) {
  const tier = sweepTier(state);
  return SWEEP_PACES[tier === 'none' ? 'idle' : tier];
}

/**
 * IPMI sessions die after a minute without a word, and BMCs have four of them: closed at once. Redfish sessions are kept where the next
 * look comes before the BMC forgets them (five minutes at Supermicro and Lenovo).
 */
function keepFor(due: DueLook): number {
  const { lookMs } = paceOf(due);
  return due.endpoint.protocol === 'redfish' && lookMs <= minutes(1) ? 2 * lookMs : 0;
}

function logIsDue(due: DueLook, now: number): boolean {
  return due.logReadAt === null || now - due.logReadAt >= paceOf(due).logMs;
}

async function readLog(bmc: Bmc, { logCursor, logReadAt }: DueLook, now: () => number): Promise<RecordedLog> {
  const entries = await within(LOG_MS, bmc.eventLog(logCursor?.id)).catch((thrown: unknown) => {
    if (thrown instanceof Fault && thrown.code === 'bmc_unsupported') return [];
    throw thrown;
  });
  const added = newEntries(entries, logCursor);
  // What a log holds at the first reading tells of the past: nobody shall act on it as if it happened now.
  return {
    readAt: now(),
    cursor: added.cursor,
    notable: notableEntries(added.entries, NOTABLE_MOST),
    historic: logReadAt === null,
  };
}

/** Addresses are mistyped and move: a neighbour's power is not ours. A BMC that does not know its serial is believed. */
function refuseNeighbour({ serial }: DueLook, seen: string): void {
  if (serial !== null && seen !== '' && seen !== serial)
    throw new Refusal('serial_mismatch', { onFile: serial, seen, seenBy: 'BMC' });
}

/** Connects; over IPMI the serial number is a dozen questions, so they are asked once an hour for each BMC. */
function identityProof({ connect, now }: LookNeeds): (due: DueLook) => Promise<Bmc> {
  const proven = new Map<ServerId, { mark: string; at: number }>();
  return async (due) => {
    const bmc = await connect(due.endpoint, due.credentials());
    const before = proven.get(due.serverId);
    if (due.endpoint.protocol !== 'ipmi' || (before?.mark === due.mark && now() - before.at < IDENTITY_MS)) return bmc;
    try {
      refuseNeighbour(due, (await bmc.identify()).serial);
    } catch (thrown) {
      await bmc.close();
      throw thrown;
    }
    proven.delete(due.serverId);
    proven.set(due.serverId, { mark: due.mark, at: now() });
    const [oldest] = proven.keys();
    if (proven.size > PROVEN_MOST && oldest !== undefined) proven.delete(oldest);
    return bmc;
  };
}

function codeOf(thrown: unknown, { serverId }: DueLook, log: Log): string {
  if (thrown instanceof Fault || thrown instanceof Refusal) return thrown.code;
  log.warn({ serverId, because: sayWhy(thrown) }, 'a look at a BMC ended oddly');
  return 'bmc_protocol_error';
}

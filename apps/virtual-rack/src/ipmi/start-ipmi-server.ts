// A simulated BMC's IPMI side on a UDP port. A thousand of them fit in one process: one socket each, no timer unless one is asked for.
import { createSocket, type RemoteInfo } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';
import { type BmcAccount, bmcAccount } from '../bmc-account.ts';
import type { SimulatedChassis } from '../chassis.ts';
import { answerDatagram, GOODBYE, type RespondingBmc } from './answer-datagram.ts';
import { doorkeeper } from './opening.ts';
import type { OpenSession, RequestsSince } from '../open-session.ts';
import { type Traffic, trafficMeter } from '../traffic.ts';
import { sessionTable } from './session-table.ts';

export type IpmiServerWishes = {
  /** An address of this machine. */
  host: string;
  /** 0 for any free one. */
  port: number;
  credentials: BmcCredentials;
  /** Where its password is kept and changes; made of the credentials unless told. */
  account?: BmcAccount;
  chassis: SimulatedChassis;
  /** As few as real BMCs have unless told. */
  mostSessions?: number;
  /** Milliseconds from some fixed point; sessions age by it. */
  now?: () => number;
};

export type IpmiServer = {
  port: number;
  /** How many sessions are open. */
  sessions(): number;
  openSessions(): OpenSession[];
  traffic(): Traffic;
  /** All of them are void: what comes on them meets silence. */
  dropSessions(): RequestsSince;
  close(): Promise<void>;
};

const MOST_SESSIONS = 4;
/** Answers that wait out an injected delay. What comes beyond is dropped, as a busy BMC does. */
const MOST_DELAYED = 64;

/** Rejects when the port is taken; throws RangeError for a password that IPMI cannot carry. */
export async function startIpmiServer(wishes: IpmiServerWishes): Promise<IpmiServer> {
  const { host, port, credentials, chassis } = wishes;
  const account = wishes.account ?? bmcAccount(credentials);
  const sessions = sessionTable(wishes.mostSessions ?? MOST_SESSIONS, chassis.mood);
  const timers = timerBox();
  const responding: RespondingBmc = {
    bmc: { chassis, account, bootParameters: new Map(), lightFor: identifyLight(chassis, timers) },
    sessions,
    door: doorkeeper({ account, uuid: chassis.identity.uuid, sessions, mood: chassis.mood }),
    now: wishes.now ?? (() => performance.now()),
  };

  const meter = trafficMeter();
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const send = (bytes: Uint8Array, { port: toPort, address }: RemoteInfo) => socket.send(bytes, toPort, address, () => {});
  socket.on('message', (datagram, from) => {
    const reply = answerDatagram(responding, datagram);
    const over = reply?.question === GOODBYE ? () => {} : meter.begin(reply?.question);
    meter.sessions(sessions.live.size);
    const answer = (): void => {
      over();
      if (reply) send(reply.bytes, from);
    };
    if (!reply || reply.delayMs === 0) answer();
    else if (timers.size() < MOST_DELAYED) timers.after(reply.delayMs, answer);
    else over();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port, address: host, exclusive: true }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  // A console that went away shows as an error on the socket; the next one is to be served all the same.
  socket.on('error', () => {});

  return {
    port: socket.address().port,
    sessions: () => sessions.live.size,
    openSessions: () => sessions.list(responding.now(), Date.now()),
    traffic: meter.seen,
    dropSessions: sessions.forget,
    close() {
      timers.clear();
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

/** 0 seconds is off. A later call replaces an earlier one's end. */
function identifyLight(chassis: SimulatedChassis, timers: TimerBox): (seconds: number) => void {
  let callOff: (() => void) | undefined;
  return (seconds) => {
    callOff?.();
    chassis.setLed(seconds > 0);
    callOff = seconds > 0 ? timers.after(seconds * 1_000, () => chassis.setLed(false)) : undefined;
  };
}

type TimerBox = ReturnType<typeof timerBox>;

/** Timers that end with the server and do not keep the process alive. */
function timerBox() {
  const running = new Set<NodeJS.Timeout>();
  return {
    size: () => running.size,
    after(ms: number, act: () => void) {
      const timer = setTimeout(() => {
        running.delete(timer);
        act();
      }, ms).unref();
      running.add(timer);
      return () => {
        clearTimeout(timer);
        running.delete(timer);
      };
    },
    clear() {
      for (const timer of running) clearTimeout(timer);
      running.clear();
    },
  };
}

// Who we are to the BMC: a session while it grants one, Basic where it has none, and silence once it has refused us.
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { Clock } from './clock.ts';
import { asDocument, text } from './documents.ts';
import { faultFromAnswer, faultFromSilence } from './failures.ts';
import type { Timings } from './timings.ts';
import type { RedfishResponse, Transport } from './transport.ts';

export type Authorisation = {
  /** Headers for the next request; logs in first when there is no session. Throws Fault. */
  headers(): Promise<Record<string, string>>;
  /** After a 401. True: ask again with new headers. False: these credentials are finished. */
  renew(): boolean;
  /** No request goes out after this: repeated attempts lock accounts. */
  refuse(fault: Fault): Fault;
  /** Where our session stands at the BMC; undefined without one. */
  sessionPath(): string | undefined;
  /** Ends the session. Never throws. */
  end(): Promise<void>;
};

type Session = { token: string; path: string | undefined };
type Means = { kind: 'none' } | { kind: 'session'; session: Session } | { kind: 'basic' } | { kind: 'refused'; fault: Fault };

type Needs = {
  transport: Transport;
  credentials: BmcCredentials;
  /** Where to POST; undefined: the BMC has no sessions. */
  sessionsPath: string | undefined;
  timings: Timings;
  clock: Clock;
  host: string;
};

const MAX_LEFT = 4;
/** Between tries to end a session at a BMC that answers, and is busy. Not longer: whoever is next at this BMC waits. */
const BUSY_WAITS_MS = [1_000, 2_000] as const;

const PLAIN_HEADERS = {
  accept: 'application/json',
  // Compressed answers carry weak or altered ETags (iDRAC appends -gzip).
  'accept-encoding': 'identity',
  'odata-version': '4.0',
};

/** For what a BMC shows to anybody. */
export const NOBODY: Authorisation = {
  headers: async () => PLAIN_HEADERS,
  renew: () => false,
  refuse: (fault) => fault,
  sessionPath: () => undefined,
  end: async () => {},
};

export function authorise({ transport, credentials, sessionsPath, timings, clock, host }: Needs): Authorisation {
  let means: Means = { kind: 'none' };
  let hadSession = false;
  // A 401 usually means that the session is gone. Not always: what we left behind is ended at the end.
  let left: Session[] = [];
  const leave = (): void => {
    if (means.kind === 'session') left = [...left, means.session].slice(-MAX_LEFT);
  };

  const logIn = async (): Promise<Means> => {
    if (sessionsPath === undefined) return { kind: 'basic' };
    const doing = `log in at ${host} (Redfish)`;
    const answer = await openSession(transport, sessionsPath, credentials, timings).catch((error: unknown) => {
      throw faultFromSilence(error, { doing, write: false });
    });
    if (answer.status === 401 || answer.status === 403) throw refuse(faultFromAnswer(answer, { doing, write: false }));
    const session = sessionIn(answer);
    if (session) {
      hadSession = true;
      return { kind: 'session', session };
    }
    // A full session table answers 503 (iDRAC) or 400: Basic needs none. Not after a session worked: that would hide its loss.
    if (hadSession) throw faultFromAnswer(answer, { doing, write: false });
    return { kind: 'basic' };
  };
  const refuse = (fault: Fault): Fault => {
    leave();
    means = { kind: 'refused', fault };
    return fault;
  };

  return {
    async headers() {
      if (means.kind === 'none') means = await logIn();
      switch (means.kind) {
        case 'session':
          return { ...PLAIN_HEADERS, 'x-auth-token': means.session.token };
        case 'basic':
          return { ...PLAIN_HEADERS, authorization: basic(credentials) };
        case 'refused':
          throw means.fault;
        case 'none':
          return PLAIN_HEADERS;
      }
    },
    renew() {
      if (means.kind !== 'session') return false;
      leave();
      means = { kind: 'none' };
      return true;
    },
    refuse,
    sessionPath: () => (means.kind === 'session' ? means.session.path : undefined),
    async end() {
      const current = means.kind === 'session' ? means.session : undefined;
      const doing = `talk to ${host} (Redfish)`;
      refuse(new Fault({ code: 'bmc_unreachable', doing, retry: 'never', cause: 'the connection was closed on our side' }));
      const ending = left;
      left = [];
      await closeSessions({ transport, timings, clock }, ending, current);
    },
  };
}

/** Without an Authorization header: some services refuse a login that carries both. */
function openSession(transport: Transport, path: string, { username, password }: BmcCredentials, timings: Timings) {
  return transport.send({
    method: 'POST',
    path,
    headers: { ...PLAIN_HEADERS, 'content-type': 'application/json' },
    body: JSON.stringify({ UserName: username, Password: password }),
    timeoutMs: timings.login,
  });
}

function sessionIn(answer: RedfishResponse): Session | undefined {
  const token = answer.headers.get('x-auth-token');
  if (answer.status < 200 || answer.status >= 300 || token === undefined || token === '') return undefined;
  return { token, path: pathOf(answer.headers.get('location')) ?? bodyPath(answer.body) };
}

/** Cisco CIMC 4.1 sends no Location: without the body's @odata.id the session would leak. */
function bodyPath(body: string): string | undefined {
  try {
    return text(asDocument(JSON.parse(body)), '@odata.id') || undefined;
  } catch {
    return undefined;
  }
}

/** Location may be a whole URL, and then with a host name that only the BMC believes in. */
export function pathOf(location: string | undefined): string | undefined {
  if (location === undefined || location === '') return undefined;
  if (!URL.canParse(location, 'http://bmc')) return undefined;
  const { pathname, search } = new URL(location, 'http://bmc');
  return pathname + search;
}

/** A session that is good may end the others; its own end comes last, as `refuse` put it. */
async function closeSessions(needs: Closing, ending: Session[], good: Session | undefined): Promise<void> {
  for (const { path, token } of ending) {
    if (path !== undefined) await closeSession(needs, path, good?.token ?? token);
  }
}

type Closing = Pick<Needs, 'transport' | 'timings' | 'clock'>;

async function closeSession({ transport, timings, clock }: Closing, path: string, token: string): Promise<void> {
  const headers = { ...PLAIN_HEADERS, 'x-auth-token': token };
  const ask = () => transport.send({ method: 'DELETE', path, headers, timeoutMs: timings.login }).catch(() => undefined);
  const isOver = (answer: RedfishResponse | undefined): boolean => answer !== undefined && answer.status < 500;
  // Twice: BMCs hold few sessions, and the first request after a pause may meet a connection that is gone.
  let answer = await ask();
  if (!isOver(answer)) answer = await ask();
  for (const ms of BUSY_WAITS_MS) {
    // One that says nothing is left alone: its session ends by itself.
    if (answer === undefined || isOver(answer)) return;
    await clock.wait(ms);
    answer = await ask();
  }
}

function basic({ username, password }: BmcCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

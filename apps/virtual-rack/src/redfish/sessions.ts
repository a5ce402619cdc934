// The sessions of one simulated BMC: few, as on real ones, and only a DELETE or long silence frees a place.
import { randomBytes } from 'node:crypto';
import { type BmcAccount, sameSecret } from '../bmc-account.ts';
import { type BmcMood, isFull, isLockedOut } from '../bmc-mood.ts';
import { forgottenSessions } from '../forgotten-sessions.ts';
import type { OpenSession, RequestsSince } from '../open-session.ts';
import type { Answer, RedfishJson } from './answers.ts';
import { NO_CONTENT, refusal } from './answers.ts';

export type Session = {
  token: string;
  usedAt: number;
  openedAt: number;
  /** False: the answer to its login reached nobody. */
  told: boolean;
  /** How many requests to end it have come and are not answered yet. */
  endings: number;
};

export type Sessions = {
  /** POST to the collection. */
  open(body: RedfishJson): Answer;
  close(id: string): Answer;
  /** Whether a request's headers prove the account, by token or Basic. */
  recognises(headers: { token: string | undefined; authorization: string | undefined }): boolean;
  ids(): string[];
  /** What is open now, as who looks for leaks wants it. */
  list(): OpenSession[];
  find(id: string): Session | undefined;
  /** As a BMC that restarts: all are void. */
  forget(): RequestsSince;
};

export const SESSIONS = '/redfish/v1/SessionService/Sessions';
export const IDLE_SECONDS = 1_800;

export function sessionTable(account: BmcAccount, cap: number, mood?: BmcMood): Sessions {
  const sessions = new Map<string, Session>();
  const forgotten = forgottenSessions();
  let lastId = 0;

  const dropIdle = () => {
    for (const [id, { usedAt }] of sessions) if (Date.now() - usedAt > IDLE_SECONDS * 1_000) sessions.delete(id);
  };
  const isAccount = (username: unknown, password: unknown) =>
    !isLockedOut(mood) && typeof username === 'string' && typeof password === 'string' && account.admits(username, password);

  return {
    open(body) {
      if (!isAccount(body['UserName'], body['Password'])) return unauthorised();
      dropIdle();
      if (isFull(mood) || sessions.size >= cap) {
        return refusal(503, 'SessionLimitExceeded', `The session limit of ${cap} is reached.`);
      }
      lastId += 1;
      const id = String(lastId);
      const token = randomBytes(16).toString('hex');
      sessions.set(id, { token, usedAt: Date.now(), openedAt: Date.now(), told: true, endings: 0 });
      return {
        status: 201,
        headers: { location: `${SESSIONS}/${id}`, 'x-auth-token': token },
        body: sessionDocument(id, account.username),
      };
    },
    close: (id) => (sessions.delete(id) ? NO_CONTENT : refusal(404, 'ResourceMissingAtURI', 'There is no such session.')),
    recognises({ token, authorization }) {
      if (token !== undefined) {
        for (const session of sessions.values()) {
          if (!sameSecret(session.token, token)) continue;
          session.usedAt = Date.now();
          return true;
        }
        forgotten.missed(token);
        return false;
      }
      const [scheme, encoded = ''] = (authorization ?? '').split(' ');
      if (scheme?.toLowerCase() !== 'basic') return false;
      const plain = Buffer.from(encoded, 'base64').toString('utf8');
      const colon = plain.indexOf(':');
      return colon >= 0 && isAccount(plain.slice(0, colon), plain.slice(colon + 1));
    },
    ids: () => [...sessions.keys()],
    list() {
      dropIdle();
      return [...sessions].map(shown);
    },
    find: (id) => sessions.get(id),
    forget() {
      const since = forgotten.add([...sessions.values()].map(({ token }) => token));
      sessions.clear();
      return since;
    },
  };
}

function shown([id, { openedAt, usedAt, told, endings }]: [string, Session]): OpenSession {
  return { id, openedAt, usedAt, told, ending: endings > 0 };
}

export function sessionDocument(id: string, username: string): RedfishJson {
  return {
    '@odata.type': '#Session.v1_5_0.Session',
    '@odata.id': `${SESSIONS}/${id}`,
    Id: id,
    Name: `Session ${id}`,
    UserName: username,
  };
}

export function unauthorised(): Answer {
  return refusal(401, 'NoValidSession', 'No valid session and no valid account.', {
    'www-authenticate': 'Basic realm="Redfish"',
  });
}

// The Redfish server of one simulated BMC: plain node:http(s), light enough for a thousand of them in one process.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';
import { type BmcAccount, bmcAccount } from '../bmc-account.ts';
import type { SimulatedChassis } from '../chassis.ts';
import type { Answer } from './answers.ts';
import { injected } from './answers.ts';
import { answer } from './answer-request.ts';
import type { RedfishPersonality } from './personality.ts';
import { PLAIN_BMC } from './personality.ts';
import type { BmcWorld } from './reads.ts';
import { readBody } from './request-body.ts';
import type { OpenSession, RequestsSince } from '../open-session.ts';
import { SESSIONS, sessionTable, type Sessions } from './sessions.ts';
import { type Traffic, trafficMeter } from '../traffic.ts';
import { taskTable } from './tasks.ts';

export type RedfishServerOptions = {
  host: string;
  /** 0: any free one. */
  port: number;
  credentials: BmcCredentials;
  /** Where its password is kept and changes; made of the credentials unless told. */
  account?: BmcAccount;
  chassis: SimulatedChassis;
  /** PEM; without it plain HTTP. */
  tls?: { key: string; cert: string };
  personality?: Partial<RedfishPersonality>;
};

export type RedfishServer = {
  url: string;
  port: number;
  /** How many sessions are open. */
  sessions(): number;
  openSessions(): OpenSession[];
  traffic(): Traffic;
  /** All of them are void. */
  dropSessions(): RequestsSince;
  close(): Promise<void>;
};

const MAX_CONNECTIONS = 32;

/** Ends when the port listens; rejects when it is taken. Faults come from the chassis's rules. */
export async function startRedfishServer(options: RedfishServerOptions): Promise<RedfishServer> {
  const { host, port, credentials, chassis, tls } = options;
  const account = options.account ?? bmcAccount(credentials);
  const personality = { ...PLAIN_BMC, ...options.personality };
  const world: BmcWorld = {
    chassis,
    personality,
    sessions: sessionTable(account, personality.sessionCap, chassis.mood),
    tasks: taskTable(),
    account,
  };
  const closing = new AbortController();
  const meter = trafficMeter();
  const listener: RequestListener = (request, response) => {
    const over = meter.begin();
    // Both: a response is done before its connection goes, or never.
    response.once('finish', over).once('close', () => {
      over();
      meter.sessions(world.sessions.ids().length);
    });
    const ended = watchEnding(world.sessions, request);
    serve(world, request, response, closing.signal)
      .catch(() => request.socket.destroy())
      .finally(ended);
  };
  const server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }, listener) : createServer(listener);
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    sessions: () => world.sessions.ids().length,
    openSessions: world.sessions.list,
    traffic: meter.seen,
    dropSessions: world.sessions.forget,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(world: BmcWorld, request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Promise<void> {
  const path = pathOf(request.url ?? '/');
  const method = request.method ?? 'GET';
  const write = method !== 'GET' && method !== 'HEAD';
  // Reading the body first: a fault strikes after the BMC took the request, as in the field.
  const body = write ? await readBody(request) : {};
  // A lie about a login would be no lie anybody tells.
  const fault = world.chassis.faults.intercept({ protocol: 'redfish', target: path, write: write && !path.startsWith(SESSIONS) });
  if (fault?.delayMs) await sleep(fault.delayMs, undefined, { signal: closing });
  // Never answered: the connection goes, and the client cannot know how far the BMC got.
  if (fault?.drop) return void request.socket.destroy();
  if (fault?.status !== undefined) return send(request, response, injected(fault.status));
  const answered = answer(world, { method, path, headers: request.headers, body, pretend: fault?.ignoreWrite === true });
  if (method === 'POST' && path === SESSIONS && answered.status === 201) watchLogin(world.sessions, answered, response);
  // Done, and nobody hears of it.
  if (fault?.loseAnswer) return void request.socket.destroy();
  send(request, response, answered);
}

/** Who asked may be gone before the BMC has opened the session: nobody can end that one. */
function watchLogin(sessions: Sessions, { headers }: Answer, response: ServerResponse): void {
  const session = sessions.find(headers?.['location']?.slice(SESSIONS.length + 1) ?? '');
  if (!session) return;
  session.told = !response.closed && !response.destroyed;
  response.once('close', () => {
    if (!response.writableFinished) session.told = false;
  });
}

/** @returns to be called when the BMC is done with it, not when the connection goes: a slow BMC obeys whoever has hung up */
function watchEnding(sessions: Sessions, { method, url = '/' }: IncomingMessage): () => void {
  const path = pathOf(url);
  const session =
    method === 'DELETE' && path.startsWith(`${SESSIONS}/`) ? sessions.find(path.slice(SESSIONS.length + 1)) : undefined;
  if (!session) return () => {};
  session.endings += 1;
  return () => {
    session.endings -= 1;
  };
}

/** Without query and without a slash at the end: both spellings are the same resource. */
function pathOf(url: string): string {
  const end = url.indexOf('?');
  const path = (end < 0 ? url : url.slice(0, end)).replace(/\/+$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers = {}, body }: Answer): void {
  const text = body === undefined ? undefined : JSON.stringify(body);
  response.writeHead(status, {
    'odata-version': '4.0',
    'cache-control': 'no-cache',
    ...headers,
    ...(text === undefined
      ? {}
      : { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) }),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

// One API server over HTTP: deadlines, size limits, credentials on every request, and failures as values or Faults.
import { Agent, type Dispatcher } from 'undici';
import type { ClusterEndpoint } from '../cluster-api.ts';
import { type ApiFailure, failureFault, nonsenseFault, readFailure, silenceFault } from './faults.ts';

/** A page of 500 nodes is at most some 25 MB; an answer beyond this is no API server of ours. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const DEADLINE_MS = 15_000;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type ApiCall = {
  method: Method;
  path: string;
  query?: Record<string, string | number>;
  body?: unknown;
  /** "cordon node n1": stands in the error. */
  doing: string;
  deadlineMs?: number;
};

export type ApiAnswer<T> = { ok: true; value: T } | { ok: false; failure: ApiFailure };

export interface Connection {
  /** Non-2xx answers are values; only silence and nonsense are Faults. */
  ask<T>(call: ApiCall): Promise<ApiAnswer<T>>;
  /** Non-2xx answers are Faults. */
  call<T>(call: ApiCall): Promise<T>;
  /** Like call, and 404 is undefined. */
  find<T>(call: ApiCall): Promise<T | undefined>;
  /** The text as it comes, for /readyz and the like. */
  text(path: string, doing: string): Promise<{ status: number; text: string }>;
  /** An answer that comes in pieces for as long as `signal` lets it. */
  stream(
    path: string,
    query: Record<string, string | number>,
    doing: string,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/** The sockets beneath. Watches have their own: they have no end and so no size. */
export type Sockets = { calls: Agent; watches: Agent };

/** `shared`: sockets of the caller's, for thousands of connections to one server that differ in their token alone. */
export function openConnection(endpoint: ClusterEndpoint, shared?: Sockets): Connection {
  const { calls: agent, watches: watchAgent } = shared ?? openSockets(endpoint);
  const send = senderTo(endpoint);

  async function exchange(call: ApiCall): Promise<{ status: number; text: string; retryAfter: string | undefined }> {
    const answer = await send(call, agent, AbortSignal.timeout(call.deadlineMs ?? DEADLINE_MS));
    const retryAfter = answer.headers['retry-after'];
    try {
      return { status: answer.statusCode, text: await answer.body.text(), retryAfter: retryAfter?.toString() };
    } catch (cause) {
      throw silenceFault(call.doing, call.method, cause);
    }
  }

  const connection: Connection = {
    async ask<T>(call: ApiCall) {
      const { status, text, retryAfter } = await exchange(call);
      if (status < 200 || status > 299) return { ok: false, failure: readFailure(status, text, retryAfter) };
      try {
        return { ok: true, value: JSON.parse(text) as T };
      } catch {
        throw nonsenseFault(call.doing, `answered ${status} with something that is not JSON`);
      }
    },
    async call<T>(call: ApiCall) {
      const answer = await connection.ask<T>(call);
      if (!answer.ok) throw failureFault(answer.failure, call.doing);
      return answer.value;
    },
    async find<T>(call: ApiCall) {
      const answer = await connection.ask<T>(call);
      if (answer.ok) return answer.value;
      if (answer.failure.status === 404) return undefined;
      throw failureFault(answer.failure, call.doing);
    },
    text: (path, doing) => exchange({ method: 'GET', path, doing }),
    async stream(path, query, doing, signal) {
      const answer = await send({ method: 'GET', path, query, doing }, watchAgent, signal);
      if (answer.statusCode === 200) return answer.body;
      // A server that dies while it refuses is a silent one: anything but a Fault would end the watch, and with it the process.
      const refusal = await answer.body.text().catch((cause: unknown) => {
        throw silenceFault(doing, 'GET', cause);
      });
      throw failureFault(readFailure(answer.statusCode, refusal, undefined), doing);
    },
    async close() {
      if (shared) return;
      await Promise.all([agent.destroy(), watchAgent.destroy()]);
    },
  };
  return connection;
}

type Send = (call: ApiCall, dispatcher: Dispatcher, signal: AbortSignal) => Promise<Dispatcher.ResponseData>;

/** One request with our credentials; silence is a Fault, whatever is answered is the caller's to judge. */
function senderTo(endpoint: ClusterEndpoint): Send {
  const base = endpoint.server.replace(/\/+$/, '');
  const headers = headersFor(endpoint);
  return async (call, dispatcher, signal) => {
    const url = new URL(base + call.path);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, String(value));
    const type = call.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
    try {
      return await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: call.method,
        headers: call.body === undefined ? headers : { ...headers, 'content-type': type },
        signal,
        ...body,
      });
    } catch (cause) {
      throw silenceFault(call.doing, call.method, cause);
    }
  };
}

export function openSockets(endpoint: ClusterEndpoint): Sockets {
  return { calls: agentFor(endpoint, MAX_ANSWER_BYTES), watches: agentFor(endpoint, -1) };
}

function agentFor(endpoint: ClusterEndpoint, maxResponseSize: number): Agent {
  const { credentials } = endpoint;
  return new Agent({
    connections: 8,
    pipelining: 1,
    keepAliveTimeout: 4_000,
    headersTimeout: 60_000,
    // A watch that is silent for longer than the server's own limit is dead.
    bodyTimeout: 330_000,
    maxResponseSize,
    connect: {
      timeout: 5_000,
      rejectUnauthorized: endpoint.serverIdentity !== 'unchecked',
      ...(endpoint.caData === undefined ? {} : { ca: endpoint.caData }),
      ...(credentials.kind === 'client_certificate' ? { cert: credentials.certificate, key: credentials.key } : {}),
    },
  });
}

function headersFor(endpoint: ClusterEndpoint): Record<string, string> {
  const common = { accept: 'application/json', 'user-agent': 'rackwright' };
  if (endpoint.credentials.kind !== 'token') return common;
  return { ...common, authorization: `Bearer ${endpoint.credentials.token}` };
}

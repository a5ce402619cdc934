// A small client of our own REST API, for the virtual rack and for tests: it sees what any other client sees.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** An answer of 4xx or 5xx: the problem document (RFC 9457) as it came. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Record<string, unknown>;
  constructor(request: string, status: number, problem: Record<string, unknown>) {
    super(`${request}: ${status} ${textOf(problem['detail'] ?? problem['title'])} ${JSON.stringify(problem['errors'] ?? '')}`);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = textOf(problem['code']);
    this.problem = problem;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export type Json = Record<string, unknown>;
export type OperationSeen = Json & {
  id: string;
  state: string;
  done: boolean;
  steps: { name: string; state: string; attempt: number; startedAt: string; durationSeconds: number }[];
  waitingFor: { code: string; params: Json; blockers: Json[]; unblockedBy: string } | null;
  error: { code: string; message: string } | null;
};

export type ApiClient = {
  get<T = Json>(path: string): Promise<T>;
  /** @param ifMatch  the version that was seen, for what is refused to those who are late */
  post<T = Json>(path: string, body: unknown, ifMatch?: number): Promise<T>;
  /** A merge patch, over whatever is there (If-Match: *). */
  patch<T = Json>(path: string, body: unknown): Promise<T>;
  /** A raw body: images and artifacts. */
  put<T = Json>(path: string, body: ReadableStream | Uint8Array): Promise<T>;
  /** Starts an operation and waits for its end; throws when it did not succeed. */
  operate(
    serverId: string,
    request: Json,
    options: { limitMs: number; onChange?: (operation: OperationSeen) => void },
  ): Promise<OperationSeen>;
};

/** @param token  bearer token; none is needed where the API listens on loopback only */
export function apiClient(baseUrl: string, token?: string): ApiClient {
  const call = async <T>(
    method: string,
    path: string,
    body?: unknown,
    raw?: ReadableStream | Uint8Array,
    ifMatch?: number,
  ): Promise<T> => {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (method === 'POST') headers['idempotency-key'] = randomUUID();
    if (method === 'PATCH') headers['if-match'] = '*';
    if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`;
    if (raw !== undefined) headers['content-type'] = 'application/octet-stream';
    else if (method === 'PATCH') headers['content-type'] = 'application/merge-patch+json';
    else if (body !== undefined) headers['content-type'] = 'application/json';
    const payload = raw ?? (body === undefined ? null : JSON.stringify(body));
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers,
      body: payload,
      duplex: 'half',
    });
    const text = await response.text();
    const answer = (text === '' ? {} : JSON.parse(text)) as Json;
    if (!response.ok) throw new ApiProblem(`${method} ${path}`, response.status, answer);
    return answer as T;
  };
  const get = <T>(path: string): Promise<T> => call<T>('GET', path);
  return {
    get,
    post: (path, body, ifMatch) => call('POST', path, body, undefined, ifMatch),
    patch: (path, body) => call('PATCH', path, body),
    put: (path, raw) => call('PUT', path, undefined, raw),
    async operate(serverId, request, { limitMs, onChange }) {
      const end = Date.now() + limitMs;
      let operation = await call<OperationSeen>('POST', `/v1/servers/${serverId}/operations`, request);
      while (!operation.done) {
        if (Date.now() > end)
          throw new Error(`operation ${operation.id} goes on too long: ${JSON.stringify(operation.waitingFor)}`);
        await pause(200);
        operation = await get<OperationSeen>(`/v1/operations/${operation.id}`);
        onChange?.(operation);
      }
      if (operation.state !== 'succeeded')
        throw new Error(`operation ${String(request['type'])} ${operation.state}: ${JSON.stringify(operation.error)}`);
      return operation;
    },
  };
}

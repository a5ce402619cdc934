// One HTTP request to the simulated API server: who asks, may they, what is done, and the answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiRefusal, badRequest, notFound, SUCCESS } from './answers.ts';
import { type Dialect, discover } from './discovery.ts';
import { insistBudgetsAllow } from './evictions.ts';
import type { Identities, Identity } from './identities.ts';
import { insistAllowed, type Verb } from './may-do.ts';
import { isObject } from './merge-patch.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import { getObject, listObjects, watchObjects } from './read-verbs.ts';
import { type ApiPath, readPath } from './resources.ts';
import { tableOf, wantsTable } from './tables.ts';
import type { WriteVerbs } from './write-verbs.ts';

const MAX_BODY_BYTES = 3 * 1024 * 1024;

export type ApiParts = {
  store: ObjectStore;
  identities: Identities;
  writes: WriteVerbs;
  dialect: Dialect;
  /** False makes /readyz say so, for tests of a control plane in trouble. */
  isReady: () => boolean;
};

/** Never throws: what goes wrong becomes a Status answer. */
export async function answerRequest(parts: ApiParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const answer = await respond(parts, request, response);
    if (answer !== undefined) send(response, answer.status, answer.body);
  } catch (cause) {
    if (response.headersSent) response.destroy();
    else if (cause instanceof ApiRefusal) send(response, cause.status, cause.body);
    else send(response, 500, new ApiRefusal(500, 'InternalError', cause instanceof Error ? cause.message : 'unknown').body);
  }
}

type Answer = { status: number; body: object | string };

async function respond(parts: ApiParts, request: IncomingMessage, response: ServerResponse): Promise<Answer | undefined> {
  const url = new URL(request.url ?? '/', 'http://simulated');
  if (url.pathname === '/readyz' || url.pathname === '/livez' || url.pathname === '/healthz') return health(parts.isReady());
  const who = parts.identities.of(request.headers);
  if (who === undefined) throw new ApiRefusal(401, 'Unauthorized', 'Unauthorized');
  const discovered = discover(url.pathname, parts.dialect);
  if (discovered !== undefined) return { status: 200, body: discovered };
  const path = readPath(url.pathname);
  if (path === undefined) throw notFound('the server could not find the requested resource');
  const body = await readBody(request);
  const verb = verbOf(request.method ?? 'GET', path, url.searchParams);
  const name = path.name ?? (verb === 'create' ? nameIn(body) : undefined);
  insistAllowed(parts.store, who, verb, path, name, url.searchParams.get('fieldSelector') ?? '');
  if (verb === 'watch') {
    watchObjects(parts.store, path, url.searchParams, response);
    return undefined;
  }
  if (verb === 'patch') insistKnownPatch(String(request.headers['content-type']), body);
  const status = verb === 'create' ? 201 : 200;
  const done = perform(parts, verb, path, body, who, url.searchParams);
  return { status, body: asAsked(request, path, done) };
}

function perform(parts: ApiParts, verb: Verb, path: ApiPath, body: unknown, who: Identity, query: URLSearchParams): object {
  const { store, writes } = parts;
  switch (verb) {
    case 'list':
      return listObjects(store, path, query);
    case 'create':
      return path.subresource === 'eviction' ? evict(parts, path, body) : writes.create(path, body, who);
    case 'update':
      return writes.replace(path, body);
    case 'patch':
      return writes.patch(path, body);
    case 'delete':
      return writes.remove(path, body);
    default:
      return getObject(store, path);
  }
}

/** kubectl wants lists and single objects as tables. */
function asAsked(request: IncomingMessage, path: ApiPath, done: object): object {
  if (request.method !== 'GET' || !wantsTable(request.headers.accept)) return done;
  const { items, metadata } = done as { items?: StoredObject[]; metadata: object };
  return tableOf(path.resource.plural, items ?? [done as StoredObject], items ? metadata : {});
}

function evict({ store, writes }: ApiParts, path: ApiPath, body: unknown): object {
  const options = isObject(body) && isObject(body.deleteOptions) ? body.deleteOptions : {};
  insistBudgetsAllow(store, getObject(store, path));
  writes.remove(path, options);
  return SUCCESS;
}

/**
 * kubectl sends strategic merge patches. They differ from merge patches in lists alone, and a node's taints are replaced
 * as a whole in both; other lists would be merged by key, which is not simulated.
 */
function insistKnownPatch(contentType: string, body: unknown): void {
  if (contentType === 'application/merge-patch+json') return;
  const known = contentType === 'application/strategic-merge-patch+json' && !mergesByKey(body, '');
  if (!known) throw new ApiRefusal(415, 'UnsupportedMediaType', `this ${contentType} is not simulated`);
}

function mergesByKey(patch: unknown, path: string): boolean {
  if (Array.isArray(patch)) return path !== '.spec.taints';
  return (
    isObject(patch) && Object.entries(patch).some(([key, value]) => key.startsWith('$') || mergesByKey(value, `${path}.${key}`))
  );
}

function verbOf(method: string, path: ApiPath, query: URLSearchParams): Verb {
  const one = path.name !== undefined;
  if (method === 'GET' && one) return 'get';
  if (method === 'GET') return ['1', 'true'].includes(query.get('watch') ?? '') ? 'watch' : 'list';
  if (method === 'POST' && (one ? path.subresource === 'eviction' : true)) return 'create';
  if (one && method === 'PUT') return 'update';
  if (one && method === 'PATCH') return 'patch';
  if (one && method === 'DELETE' && path.subresource === undefined) return 'delete';
  throw new ApiRefusal(405, 'MethodNotAllowed', `${method} is not possible here`);
}

function nameIn(body: unknown): string | undefined {
  const name = isObject(body) && isObject(body.metadata) ? body.metadata.name : undefined;
  return typeof name === 'string' ? name : undefined;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new ApiRefusal(413, 'RequestEntityTooLarge', 'the body is too large');
    chunks.push(chunk as Buffer);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw badRequest('the body is not JSON');
  }
}

function health(ready: boolean): Answer {
  const status = ready ? 200 : 500;
  return {
    status,
    body: `[+]ping ok\n${ready ? '[+]etcd ok' : '[-]etcd failed: reason withheld'}\nreadyz check ${ready ? 'passed' : 'failed'}\n`,
  };
}

function send(response: ServerResponse, status: number, body: object | string): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  const retry = status === 429 ? { 'retry-after': '1' } : {};
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...retry }).end(text);
}

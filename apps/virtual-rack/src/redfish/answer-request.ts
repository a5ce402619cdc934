// From a request to an answer: who asks, what for, and may it be done (DSP0266 §7). No I/O.
import type { IncomingHttpHeaders } from 'node:http';
import type { Answer, RedfishJson } from './answers.ts';
import { NO_CONTENT, ok, refusal } from './answers.ts';
import { ROOT } from './bmc-documents.ts';
import type { BmcWorld } from './reads.ts';
import { readDocument } from './reads.ts';
import { SESSIONS, unauthorised } from './sessions.ts';
import { MONITORS } from './tasks.ts';
import { patch, post, writeMethods } from './writes.ts';

export type BmcRequest = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: RedfishJson | 'malformed';
  /** Answer a write with success and change nothing. */
  pretend: boolean;
};

export function answer(world: BmcWorld, request: BmcRequest): Answer {
  const { method, path, headers, body } = request;
  const reading = method === 'GET' || method === 'HEAD';
  // DSP0266: an OData version that we do not speak is refused before all else.
  const odata = headers['odata-version'];
  if (odata !== undefined && odata !== '4.0') return refusal(412, 'HeaderInvalid', 'OData-Version is 4.0 here.');
  if (reading && (path === ROOT || path === '/redfish')) return read(world, path);
  if (body === 'malformed') return refusal(400, 'MalformedJSON', 'The body is not an object in JSON.');
  if (method === 'POST' && path === SESSIONS && world.personality.sessions) return world.sessions.open(body);

  const token = headers['x-auth-token'];
  const caller = { token: Array.isArray(token) ? token[0] : token, authorization: headers.authorization };
  if (!world.sessions.recognises(caller)) return unauthorised();
  if (reading) return path.startsWith(`${MONITORS}/`) ? world.tasks.monitor(path.slice(MONITORS.length + 1)) : read(world, path);
  return write(world, request, body);
}

function read(world: BmcWorld, path: string): Answer {
  const document = readDocument(world, path);
  return document ? ok(document) : refusal(404, 'ResourceMissingAtURI', `There is nothing at ${path}.`);
}

function write(world: BmcWorld, { method, path, headers, pretend }: BmcRequest, body: RedfishJson): Answer {
  const session = path.startsWith(`${SESSIONS}/`) ? path.slice(SESSIONS.length + 1) : undefined;
  if (method === 'DELETE' && session !== undefined) return world.sessions.close(session);
  const allowed = writeMethods(path);
  if (!allowed.includes(method)) {
    const exists = allowed.length > 0 || readDocument(world, path) !== undefined;
    if (!exists) return refusal(404, 'ResourceMissingAtURI', `There is nothing at ${path}.`);
    const allow = ['GET', 'HEAD', ...allowed].join(', ');
    return refusal(405, 'OperationNotAllowed', `${method} is not for ${path}.`, { allow });
  }
  if (pretend) return NO_CONTENT;
  return method === 'PATCH' ? patch(world, path, body, headers['if-match']) : post(world, path, body);
}

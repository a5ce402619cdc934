// ETag and If-Match: the version of a row, in quotation marks (RFC 9110 section 8.8.3). Always strong.
import { Refusal } from '@rackwright/domain/errors.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Expected } from '../needs.ts';

export const etagOf = (version: number): string => `"${version}"`;

/** Which version a change is meant for. Refusal `precondition_required` when it is not said. */
export function expectedVersion(request: FastifyRequest): Expected {
  const header = request.headers['if-match'];
  if (header === undefined) throw new Refusal('precondition_required');
  if (header.trim() === '*') return 'any';
  const match = /^\s*"(\d{1,15})"\s*$/.exec(header);
  // Whatever else it is, it is no version that we ever gave: no row has version 0.
  return match ? Number(match[1]) : 0;
}

/** With its ETag, for changes. Never 304: the view shows more than its version covers. */
export const sendUncached = (reply: FastifyReply, view: { version: number }): FastifyReply =>
  reply.header('etag', etagOf(view.version)).send(view);

/** Sends the view with its ETag, or 304 when the caller has it already. */
export function sendVersioned(request: FastifyRequest, reply: FastifyReply, view: { version: number }): FastifyReply {
  const etag = etagOf(view.version);
  reply.header('etag', etag);
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (request.method === 'GET' && known?.some((tag) => tag === etag || tag === '*')) return reply.code(304).send();
  return reply.send(view);
}

// Errors as RFC 9457 answers: one place decides what a caller sees, and that it is never a stack or a secret.
import { errorEntry, isErrorCode, problemType, sayDetail } from '@rackwright/api-contract/errors.ts';
import { PROBLEM_MEDIA_TYPE, type Problem, type ProblemField } from '@rackwright/api-contract/problem.ts';
import { type Facts, Fault, Refusal } from '@rackwright/domain/errors.ts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { RequestInvalid } from './request-invalid.ts';

/** The field that a refusal is about, where there is one. */
const POINTERS: Record<string, string> = {
  name_taken: '/name',
  serial_already_known: '/serial',
  asset_tag_already_known: '/assetTag',
  mac_already_known: '/nics',
  address_already_taken: '/address',
  address_outside_network: '/address',
  address_in_pool: '/address',
  rack_position_occupied: '/uPosition',
  rack_position_outside: '/uPosition',
  slot_occupied: '/slot',
  slot_outside: '/slot',
  server_in_enclosure: '/enclosureId',
  rack_in_other_site: '/rackId',
  credentials_required: '/bmc/credentials',
  webhook_target_refused: '/url',
  cron_invalid: '/cron',
  cron_never: '/cron',
  time_zone_unknown: '/timeZone',
  blackout_invalid: '/blackouts',
  schedule_needs_filter: '/filter',
};

const FASTIFY_CODES: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_TYPE: 'unsupported_media_type',
};

type Described = { code: string; facts: Facts; fields: ProblemField[]; retryAfterMs?: number | undefined };

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const described = describe(error, request);
  const problem = problemOf(described, request);
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.retryable || problem.status === 503) {
    reply.header('retry-after', String(Math.ceil((described.retryAfterMs ?? 2_000) / 1_000)));
  }
  return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).serializer(JSON.stringify).send(problem);
}

function describe(error: unknown, request: FastifyRequest): Described {
  if (error instanceof RequestInvalid) return { code: error.code, facts: error.facts, fields: error.fields };
  if (error instanceof Refusal) {
    const pointer = POINTERS[error.code];
    const fields = pointer === undefined ? [] : [{ pointer, code: error.code, message: sayDetail(error.code, error.facts) }];
    return { code: error.code, facts: error.facts, fields };
  }
  if (error instanceof Fault) return { code: error.code, facts: error.facts, fields: [], retryAfterMs: error.retryAfterMs };
  const code = FASTIFY_CODES[(error as FastifyError | undefined)?.code ?? ''] ?? 'internal_error';
  const facts: Facts = code === 'unsupported_media_type' ? { expected: mediaTypeOf(request.method) } : {};
  return { code, facts, fields: [] };
}

function problemOf({ code: told, facts, fields }: Described, request: FastifyRequest): Problem {
  // A code that the catalogue lacks is our fault, and its facts were written for nobody.
  const code = isErrorCode(told) ? told : 'internal_error';
  const { status, title, toDo, retryable } = errorEntry(code);
  const params = code === told ? { ...facts } : {};
  return {
    type: problemType(code),
    title,
    status,
    detail: sayDetail(code, params),
    instance: request.url.split('?')[0] ?? '',
    code,
    params,
    errors: fields,
    whatToDo: toDo,
    requestId: request.id,
    retryable,
  };
}

const mediaTypeOf = (method: string): string => (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');

// Checks requests against their schemas and says of each wrong field where it is and why.
import type { ProblemField } from '@rackwright/api-contract/problem.ts';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { pointerTo, RequestInvalid } from './request-invalid.ts';

const PLACES: Record<string, string> = { querystring: '/query', params: '/path', headers: '/headers' };

export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const place = PLACES[httpPart ?? ''] ?? '';
  return (value) => {
    // Before the schema: one that is recursive, and all that walks the value later, would run out of stack.
    const deep = httpPart === 'body' ? pathOfTooDeep(value) : undefined;
    if (deep) return { error: new RequestInvalid([{ pointer: pointerTo(deep), code: 'too_deep', message: TOO_DEEP_MESSAGE }]) };
    // An absent body of a POST without fields is the empty object.
    const parsed = schema.safeParse(httpPart === 'body' && (value === undefined || value === null) ? {} : value);
    if (!parsed.success) return { error: new RequestInvalid(fieldsOf(parsed.error, place)) };
    const path = pathOfNul(parsed.data);
    if (path === undefined) return { value: parsed.data };
    return { error: new RequestInvalid([{ pointer: place + pointerTo(path), code: 'invalid', message: NUL_MESSAGE }]) };
  };
};

const NUL_MESSAGE = 'The character NUL can be kept nowhere.';

/** Levels of a body below the outermost: no resource has as many. */
const DEEPEST = 32;
const TOO_DEEP_MESSAGE = `Nested deeper than ${DEEPEST} levels.`;

/** Where the first one is; undefined when there is none. */
function pathOfTooDeep(value: unknown, left = DEEPEST): PropertyKey[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (left < 0) return [];
  for (const [key, member] of Object.entries(value)) {
    const below = pathOfTooDeep(member, left - 1);
    if (below) return [key, ...below];
  }
  return undefined;
}

/** Where there is a NUL, which Postgres takes in no text; undefined when there is none. Not for what is nested without bound. */
function pathOfNul(value: unknown): PropertyKey[] | undefined {
  if (typeof value === 'string') return value.includes('\0') ? [] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const below = key.includes('\0') ? [] : pathOfNul(member);
    if (below) return [key, ...below];
  }
  return undefined;
}

export function fieldsOf(error: z.ZodError, place: string): ProblemField[] {
  return error.issues
    .flatMap((issue) => flatten(issue, []))
    .map(({ path, code, message }) => ({ pointer: place + pointerTo(path), code, message }));
}

type Flat = { path: PropertyKey[]; code: string; message: string };

function flatten(issue: z.core.$ZodIssue, above: PropertyKey[]): Flat[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], code: 'unknown_field', message: 'There is no such field.' }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that came furthest is the one that was meant.
    const branches = issue.errors.map((branch) => branch.flatMap((inner) => flatten(inner, path)));
    return branches.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
  }
  const code =
    issue.code === 'invalid_type' && issue.input === undefined && /undefined/.test(issue.message) ? 'missing' : issue.code;
  return [{ path, code: code === 'custom' ? 'invalid' : code, message: code === 'missing' ? 'Required.' : issue.message }];
}

const depth = (issues: Flat[]): number => Math.max(0, ...issues.map((issue) => issue.path.length));

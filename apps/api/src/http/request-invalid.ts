// A request whose form is wrong, field by field. The one 400 with many pointers.
import type { ProblemField } from '@rackwright/api-contract/problem.ts';
import type { Facts } from '@rackwright/domain/errors.ts';

const MOST_FIELDS = 50;

export class RequestInvalid extends Error {
  readonly code: string;
  readonly fields: ProblemField[];
  readonly facts: Facts;

  constructor(
    fields: ProblemField[],
    code = fields.every((field) => field.code === 'unknown_field') ? 'unknown_field' : 'invalid_request',
    facts: Facts = {},
  ) {
    super(`${code}: ${fields.map((field) => `${field.pointer} ${field.message}`).join('; ')}`);
    this.name = 'RequestInvalid';
    this.code = code;
    this.fields = fields.slice(0, MOST_FIELDS);
    this.facts = facts;
  }
}

/** One wrong field of the body. */
export const invalid = (pointer: string, message: string, code = 'invalid'): RequestInvalid =>
  new RequestInvalid([{ pointer, code, message }]);

/** RFC 6901. */
export function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

// What the simulated BMC answers: a status, headers and a document, with the error bodies of DSP0266 §8.6.
import { createHash } from 'node:crypto';

export type RedfishJson = { readonly [name: string]: unknown };

export type Answer = { status: number; headers?: Record<string, string>; body?: RedfishJson };

export const NO_CONTENT: Answer = { status: 204 };

export function ok(body: RedfishJson): Answer {
  return { status: 200, headers: { etag: etagOf(body) }, body };
}

/** A strong tag over the content: it changes when anything that the document shows changes. */
export function etagOf(body: RedfishJson): string {
  return `"${createHash('sha1').update(JSON.stringify(body)).digest('hex').slice(0, 16)}"`;
}

/** `id` is a message of the Base registry. */
export function refusal(status: number, id: string, message: string, headers: Record<string, string> = {}): Answer {
  const entry = {
    '@odata.type': '#Message.v1_1_2.Message',
    MessageId: `Base.1.12.${id}`,
    Message: message,
    MessageArgs: [],
    Severity: status >= 500 ? 'Critical' : 'Warning',
    Resolution: 'See the message.',
  };
  const error = { code: 'Base.1.12.GeneralError', message: 'See ExtendedInfo.', '@Message.ExtendedInfo': [entry] };
  return { status, headers, body: { error } };
}

const FAULT_MESSAGES: Readonly<Record<number, string>> = {
  401: 'NoValidSession',
  403: 'InsufficientPrivilege',
  404: 'ResourceMissingAtURI',
  412: 'PreconditionFailed',
  428: 'PreconditionRequired',
  503: 'ServiceTemporarilyUnavailable',
};

/** The answer of an injected fault. A busy BMC asks for one second. */
export function injected(status: number): Answer {
  const headers: Record<string, string> = status === 503 || status === 429 ? { 'retry-after': '1' } : {};
  return refusal(status, FAULT_MESSAGES[status] ?? 'InternalError', `Injected fault ${status}.`, headers);
}

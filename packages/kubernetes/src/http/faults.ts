// Turns what went wrong between us and an API server into Faults that say whether to try again.
import { Fault, type Facts, type Retry } from '@rackwright/domain/errors.ts';

/** An answer that is not 2xx: Kubernetes' Status object, as far as the server sent one. */
export type ApiFailure = {
  status: number;
  reason: string;
  message: string;
  causes: { reason: string; message: string }[];
  retryAfterMs: number | undefined;
};

type Verdict = { code: string; retry: Retry };

export function failureFault(failure: ApiFailure, doing: string): Fault {
  const facts: Facts = { status: failure.status, reason: failure.reason };
  const cause = new Error(failure.message || `HTTP ${failure.status}`);
  const waits = failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs };
  return new Fault({ ...verdictOn(failure.status), doing, facts, cause, ...waits });
}

function verdictOn(status: number): Verdict {
  switch (status) {
    case 401:
      return { code: 'kubernetes_unauthorized', retry: 'never' };
    case 403:
      return { code: 'kubernetes_forbidden', retry: 'never' };
    case 409:
      return { code: 'kubernetes_conflict', retry: 'soon' };
    case 429:
    case 503:
    case 504:
      return { code: 'kubernetes_busy', retry: 'soon' };
  }
  if (status >= 500) return { code: 'kubernetes_failed', retry: 'later' };
  return { code: 'kubernetes_rejected', retry: 'never' };
}

/** No answer at all. After a write nobody knows whether it happened. */
export function silenceFault(doing: string, method: string, cause: unknown): Fault {
  const effect = method === 'GET' ? 'none' : 'maybe';
  return new Fault({ code: 'kubernetes_unreachable', doing, retry: 'later', effect, cause });
}

export function nonsenseFault(doing: string, what: string): Fault {
  return new Fault({ code: 'kubernetes_protocol_error', doing, retry: 'later', effect: 'maybe', cause: new Error(what) });
}

/** Reads a Status object (apimachinery meta/v1 Status); anything else becomes a failure with the bare status. */
export function readFailure(status: number, text: string, retryAfter: string | undefined): ApiFailure {
  const seconds = Number(retryAfter);
  const retryAfterMs = retryAfter !== undefined && Number.isFinite(seconds) ? Math.min(seconds, 3600) * 1000 : undefined;
  const failure: ApiFailure = { status, reason: '', message: '', causes: [], retryAfterMs };
  try {
    const parsed = JSON.parse(text) as { reason?: unknown; message?: unknown; details?: { causes?: unknown } } | null;
    failure.reason = textOf(parsed?.reason);
    failure.message = textOf(parsed?.message).slice(0, 1000);
    if (Array.isArray(parsed?.details?.causes)) failure.causes = parsed.details.causes.slice(0, 20).map(readCause);
  } catch {
    failure.message = text.slice(0, 200);
  }
  return failure;
}

function readCause(cause: { reason?: unknown; message?: unknown } | null): { reason: string; message: string } {
  return { reason: textOf(cause?.reason), message: textOf(cause?.message).slice(0, 1000) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

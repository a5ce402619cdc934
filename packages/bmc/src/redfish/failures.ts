// Turns what a BMC answered, or that it did not, into a Fault that says whether to try again and whether the deed was done.
import type { FaultDetails, Retry } from '@rackwright/domain/errors.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { asDocument } from './documents.ts';
import type { ExtendedMessage } from './extended-messages.ts';
import { extendedMessages } from './extended-messages.ts';
import type { RedfishResponse } from './transport.ts';
import { isTlsError, wasNeverSent } from './transport.ts';

export type Deed = { doing: string; write: boolean };

// Message ids that mean "ask again", whatever the status: 400 on iLO during POST, 500 on iDRAC, 409 elsewhere.
const BUSY_IDS = new Set([
  'SYS518',
  'RAC0218',
  'ResourceInUse',
  'ServiceTemporarilyUnavailable',
  'ServiceShuttingDown',
  'SessionLimitExceeded',
  'InvalidOperationForSystemState',
  'UnableToModifyDuringSystemPOST',
  'OemFirmwareAlreadyInUpdateMode',
]);
const LICENCE_IDS = new Set(['OemLicenseNotPassed', 'LicenseRequired', 'InvalidLicense']);

/** Read the status and the messages; never the rest of the body. */
export function isBusy(response: RedfishResponse): boolean {
  if ([429, 502, 503, 504].includes(response.status)) return true;
  return response.status >= 400 && messagesOf(response).some(({ id }) => BUSY_IDS.has(id));
}

export function faultFromAnswer(response: RedfishResponse, { doing, write }: Deed): Fault {
  const messages = messagesOf(response);
  const [code, retry] = classify(response, messages);
  const retryAfterMs = retryAfter(response);
  return new Fault({
    code,
    doing,
    retry,
    // A gateway in the BMC may give up on a request that its back end carries out.
    effect: write && (response.status === 504 || response.status === 500) ? 'maybe' : 'none',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    facts: { status: response.status, ...(messages[0] ? { messageId: messages[0].id } : {}) },
    cause: `HTTP ${response.status}${messages.map(({ id, text }) => `; ${text || id}`).join('')}`,
  });
}

function classify(response: RedfishResponse, messages: ExtendedMessage[]): [code: string, retry: Retry] {
  if (isBusy(response)) return ['bmc_busy', 'soon'];
  if (messages.some(({ id }) => LICENCE_IDS.has(id))) return ['bmc_unsupported', 'never'];
  switch (response.status) {
    case 401:
    case 403:
      return ['bmc_auth_failed', 'never'];
    case 404:
    case 405:
    case 501:
      return ['bmc_unsupported', 'never'];
    case 409:
    case 412:
    case 428:
      return ['bmc_busy', 'soon'];
    default:
      return ['bmc_protocol_error', response.status >= 500 ? 'soon' : 'never'];
  }
}

export function faultFromSilence(error: unknown, { doing, write }: Deed): Fault {
  const details: FaultDetails = {
    code: 'bmc_unreachable',
    doing,
    retry: 'soon',
    effect: write && !wasNeverSent(error) ? 'maybe' : 'none',
    cause: error,
  };
  // Somebody may be listening in: that needs a person, not patience.
  if (isTlsError(error)) return new Fault({ ...details, code: 'bmc_protocol_error', retry: 'never', facts: { reason: 'tls' } });
  if (error instanceof SyntaxError) return new Fault({ ...details, code: 'bmc_protocol_error' });
  return new Fault(details);
}

/** Milliseconds; both forms of RFC 9110 §10.2.3, the date against the BMC's own clock. */
export function retryAfter(response: RedfishResponse): number | undefined {
  const value = response.headers.get('retry-after');
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const wait = Date.parse(value) - Date.parse(response.headers.get('date') ?? '');
  return Number.isFinite(wait) && wait > 0 ? wait : undefined;
}

export function messagesOf(response: RedfishResponse): ExtendedMessage[] {
  try {
    return extendedMessages(asDocument(JSON.parse(response.body)));
  } catch {
    return [];
  }
}

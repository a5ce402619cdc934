// Which answer means what: try again, never again, or look whether it was done.
import { describe, expect, test } from 'vitest';
import { faultFromAnswer, faultFromSilence, retryAfter } from './failures.ts';
import type { RedfishResponse } from './transport.ts';

const deed = { doing: 'set power on on bmc-1 (Redfish)', write: true };
const answer = (status: number, id?: string, headers: [string, string][] = []): RedfishResponse => ({
  status,
  headers: new Map(headers),
  body: id === undefined ? '' : JSON.stringify({ error: { '@Message.ExtendedInfo': [{ MessageId: id, Message: 'words' }] } }),
});

describe('answers', () => {
  test.each([
    [401, undefined, 'bmc_auth_failed', 'never'],
    [403, 'Base.1.8.InsufficientPrivilege', 'bmc_auth_failed', 'never'],
    [403, 'SMC.1.0.OemLicenseNotPassed', 'bmc_unsupported', 'never'],
    [404, undefined, 'bmc_unsupported', 'never'],
    [503, undefined, 'bmc_busy', 'soon'],
    [503, 'IDRAC.2.8.RAC0218', 'bmc_busy', 'soon'],
    [500, 'IDRAC.2.7.SYS518', 'bmc_busy', 'soon'],
    [400, 'iLO.2.15.UnableToModifyDuringSystemPOST', 'bmc_busy', 'soon'],
    [400, 'Base.1.12.PropertyValueNotInList', 'bmc_protocol_error', 'never'],
    [500, undefined, 'bmc_protocol_error', 'soon'],
  ])('%i %s is %s, %s', (status, id, code, retry) => {
    expect(faultFromAnswer(answer(status, id), deed)).toMatchObject({ code, retry, doing: deed.doing });
  });

  test('what the BMC said stands in the message, its first message id in the facts', () => {
    const fault = faultFromAnswer(answer(400, 'Base.1.8.PropertyUnknown'), deed);
    expect(fault.message).toContain('HTTP 400; words');
    expect(fault.facts).toEqual({ status: 400, messageId: 'PropertyUnknown' });
  });

  test('a body that is no JSON harms nobody', () => {
    expect(faultFromAnswer({ status: 500, headers: new Map(), body: '<html>' }, deed)).toMatchObject({
      code: 'bmc_protocol_error',
    });
  });
});

describe('Retry-After', () => {
  test('seconds, or a date against the clock of the BMC', () => {
    expect(retryAfter(answer(503, undefined, [['retry-after', '7']]))).toBe(7_000);
    const date: [string, string][] = [
      ['date', 'Sun, 01 Jan 2023 00:00:00 GMT'],
      ['retry-after', 'Sun, 01 Jan 2023 00:00:30 GMT'],
    ];
    expect(retryAfter(answer(503, undefined, date))).toBe(30_000);
    expect(retryAfter(answer(503, undefined, [['retry-after', 'soon']]))).toBeUndefined();
  });
});

describe('silence', () => {
  const broken = (code: string, syscall?: string) => Object.assign(new Error(code), { code, ...(syscall ? { syscall } : {}) });

  test('nobody there: nothing was done; cut off: perhaps it was', () => {
    expect(faultFromSilence(broken('ECONNREFUSED', 'connect'), deed)).toMatchObject({ code: 'bmc_unreachable', effect: 'none' });
    expect(faultFromSilence(broken('UND_ERR_SOCKET'), deed)).toMatchObject({ code: 'bmc_unreachable', effect: 'maybe' });
    expect(faultFromSilence(broken('UND_ERR_SOCKET'), { ...deed, write: false })).toMatchObject({ effect: 'none' });
  });

  test('a wrong certificate is no hiccup', () => {
    expect(faultFromSilence(broken('CERT_PIN_MISMATCH'), deed)).toMatchObject({ code: 'bmc_protocol_error', retry: 'never' });
    expect(faultFromSilence(broken('DEPTH_ZERO_SELF_SIGNED_CERT'), deed)).toMatchObject({
      retry: 'never',
      facts: { reason: 'tls' },
    });
  });
});

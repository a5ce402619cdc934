// The rules of webhooks: what is sent, to whom it may be sent, when again, and when no more.
import { describe, expect, test } from 'vitest';
import { hours, seconds } from '../durations.ts';
import { type Circumstances, DELIVERY_POLICY, judgeAttempt, retryPause } from './delivery-policy.ts';
import { isInNetwork, readIp, readIpNetwork } from './ip-networks.ts';
import { eventMessage, gapMessage, type OutboxEvent, testMessage, wantsEvent } from './message.ts';
import { isAllowedAddress, PUBLIC_TARGETS_ONLY, refuseTarget } from './target.ts';

const allowing = (...networks: string[]) => ({ allowHttp: false, allowNetworks: networks.map((text) => readIpNetwork(text)!) });

describe('addresses', () => {
  test.each([
    ['10.0.0.1', 4, 0x0a000001n],
    ['::1', 6, 1n],
    ['::', 6, 0n],
    ['::ffff:10.0.0.1', 6, 0xffff0a000001n],
    ['2001:db8::ff', 6, 0x20010db80000000000000000000000ffn],
    ['1:2:3:4:5:6:7:8', 6, 0x00010002000300040005000600070008n],
  ])('%s is read', (text, family, value) => expect(readIp(text)).toEqual({ family, value }));

  test.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'fe80::1%eth0',
    'host',
  ])('%j is none', (text) => expect(readIp(text)).toBeUndefined());

  test.each(['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', 'x/8'])('%j is no network', (text) =>
    expect(readIpNetwork(text)).toBeUndefined(),
  );

  test('a network holds its own family only', () => {
    expect(isInNetwork(readIp('10.1.2.3')!, readIpNetwork('10.9.9.9/8')!)).toBe(true);
    expect(isInNetwork(readIp('::a01:203')!, readIpNetwork('0.0.0.0/0')!)).toBe(false);
  });
});

describe('targets', () => {
  test.each(['https://hooks.example.com/x?y=1', 'https://8.8.8.8/', 'https://[2606:4700::1]:8443/'])('%s is fine', (url) =>
    expect(refuseTarget(url, PUBLIC_TARGETS_ONLY)).toBeUndefined(),
  );

  test.each([
    ['hooks.example.com', 'not_a_url'],
    ['http://hooks.example.com', 'not_https'],
    ['ftp://hooks.example.com', 'not_https'],
    ['https://u:p@hooks.example.com', 'credentials_in_url'],
    ['https://localhost', 'private_address'],
    ['https://a.localhost./', 'private_address'],
    ['https://127.1', 'private_address'],
    ['https://0x7f000001', 'private_address'],
    ['https://2130706433', 'private_address'],
    ['https://169.254.169.254/latest/meta-data', 'private_address'],
    ['https://192.168.1.1', 'private_address'],
    ['https://[::1]', 'private_address'],
    ['https://[::ffff:127.0.0.1]', 'private_address'],
    ['https://[::]', 'private_address'],
    ['https://[fe80::1]', 'private_address'],
    ['https://[64:ff9b::a9fe:a9fe]', 'private_address'],
  ])('%s is refused: %s', (url, why) => expect(refuseTarget(url, PUBLIC_TARGETS_ONLY)).toMatchObject({ why }));

  test('what is allowed is allowed, and nothing beside it', () => {
    const policy = allowing('10.4.0.0/16', 'fd00::/8');
    expect(isAllowedAddress('10.4.1.1', policy)).toBe(true);
    expect(isAllowedAddress('::ffff:10.4.1.1', policy)).toBe(true);
    expect(isAllowedAddress('10.5.1.1', policy)).toBe(false);
    expect(isAllowedAddress('fd12::1', policy)).toBe(true);
    expect(isAllowedAddress('fe80::1%eth0', policy)).toBe(false);
    expect(isAllowedAddress('hooks.example.com', policy)).toBe(false);
    expect(refuseTarget('http://10.4.1.1', { ...policy, allowHttp: true })).toBeUndefined();
  });
});

const event: OutboxEvent = {
  seq: 12,
  at: '2026-11-22T08:00:00.000Z',
  kind: 'server.moved',
  subject: { kind: 'server', id: 'srv_1' },
  serverId: 'srv_1',
  operationId: 'op_1',
  version: 3,
  payload: { from: 'available', to: 'provisioning' },
};

describe('messages', () => {
  test('an event is told in full, once, in the lane of its server', () => {
    const { body, ...rest } = eventMessage(event, 'ab12');
    expect(rest).toEqual({ id: 'eab12-12', type: 'server.moved', lane: 'srv_1' });
    const { seq: _, at, kind, ...data } = event;
    expect(JSON.parse(body)).toEqual({ type: kind, timestamp: at, data });
    expect(eventMessage({ ...event, serverId: null, subject: { kind: 'site', id: 'site_1' } }, 'x').lane).toBe('site_1');
  });

  test('one that is too long loses its payload, not its facts', () => {
    const { body } = eventMessage({ ...event, payload: { text: 'x'.repeat(20_000) } }, 'x');
    expect(JSON.parse(body).data).toMatchObject({ subject: event.subject, version: 3, payload: null });
  });

  test('ids have no full stop: it separates what is signed', () => {
    const at = event.at;
    const all = [eventMessage(event, 'ab'), testMessage('evt_1', { id: 'whk_1', name: 'n' }, at), gapMessage('ab', 3, 9, at)];
    expect(all.filter(({ id }) => id.includes('.'))).toEqual([]);
  });

  test.each([
    [[], null, true],
    [['server'], null, true],
    [['server.moved', 'site'], null, true],
    [['server.created'], null, false],
    [[], 'srv_1', true],
    [[], 'op_1', true],
    [[], 'srv_2', false],
    [['site'], 'srv_1', false],
  ])('kinds %j and subject %j: %s', (kinds, subjectId, wanted) => expect(wantsEvent({ kinds, subjectId }, event)).toBe(wanted));
});

describe('an attempt', () => {
  const seen: Circumstances = { attempts: 0, sinceFirstAttemptMs: 0, failingMs: null, tookOthersSince: false };
  const failed = { kind: 'refused', status: 500, retryAfterMs: null } as const;
  const judge = (outcome: Parameters<typeof judgeAttempt>[0], more: Partial<Circumstances> = {}) =>
    judgeAttempt(outcome, { ...seen, ...more }, 0.5, DELIVERY_POLICY);

  test('the waits grow from five seconds to twelve hours and stay there', () => {
    const waits = Array.from({ length: 10 }, (_, n) => retryPause(n, 0.5, DELIVERY_POLICY) / 1000);
    expect(waits).toEqual([5, 20, 80, 320, 1280, 5120, 20480, 43200, 43200, 43200]);
    expect(retryPause(10_000, 0.999, DELIVERY_POLICY)).toBeLessThanOrEqual(hours(12) * 1.2);
    expect(retryPause(0, 0, DELIVERY_POLICY)).toBe(seconds(4));
  });

  test('taken is delivered, refused is tried again, later when asked', () => {
    expect(judge({ kind: 'taken', status: 204 })).toEqual({ delivery: 'delivered' });
    expect(judge(failed)).toEqual({ delivery: 'pending', retryInMs: 5_000, disable: null });
    expect(judge({ ...failed, retryAfterMs: seconds(60) })).toMatchObject({ retryInMs: seconds(60) });
    expect(judge({ ...failed, retryAfterMs: hours(999) })).toMatchObject({ retryInMs: hours(12) });
  });

  test('a receiver that is gone, or took nothing for five days, is sent no more', () => {
    expect(judge({ ...failed, status: 410 })).toMatchObject({ delivery: 'pending', disable: 'receiver_gone' });
    expect(judge(failed, { failingMs: 5 * hours(24) - 1 })).toMatchObject({ disable: null });
    expect(judge(failed, { failingMs: 5 * hours(24) })).toMatchObject({ delivery: 'pending', disable: 'failing_too_long' });
  });

  test('a message is given up after three days only when others were taken meanwhile', () => {
    const sinceFirstAttemptMs = 3 * hours(24);
    expect(judge(failed, { sinceFirstAttemptMs, tookOthersSince: true })).toEqual({ delivery: 'given_up' });
    expect(judge(failed, { sinceFirstAttemptMs })).toMatchObject({ delivery: 'pending' });
    expect(judge(failed, { sinceFirstAttemptMs: sinceFirstAttemptMs - 1, tookOthersSince: true })).toMatchObject({
      delivery: 'pending',
    });
  });
});

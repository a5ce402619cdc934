// Session places of a simulated BMC: how they are taken, refused and freed.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bmcAccount } from '../bmc-account.ts';
import { IDLE_SECONDS, sessionTable } from './sessions.ts';

const account = bmcAccount({ username: 'admin', password: 'secret' });
const login = { UserName: 'admin', Password: 'secret' };
const byToken = (token: string | undefined) => ({ token, authorization: undefined });
const byBasic = (plain: string) => ({ token: undefined, authorization: `Basic ${Buffer.from(plain).toString('base64')}` });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a place is freed by logout or by silence, not by being needed', () => {
  const sessions = sessionTable(account, 2);
  const first = sessions.open(login);
  const second = sessions.open(login);
  expect([first.status, second.status, sessions.open(login).status]).toEqual([201, 201, 503]);

  expect(sessions.close('1').status).toBe(204);
  expect(sessions.close('1').status).toBe(404);
  expect(sessions.recognises(byToken(first.headers?.['x-auth-token']))).toBe(false);
  expect(sessions.open(login).status).toBe(201);

  vi.advanceTimersByTime((IDLE_SECONDS - 1) * 1_000);
  expect(sessions.recognises(byToken(second.headers?.['x-auth-token']))).toBe(true);
  vi.advanceTimersByTime(2_000);
  expect(sessions.open(login).status).toBe(201);
  expect(sessions.ids()).toEqual(['2', '4']);
});

test('only the account gets in', () => {
  const sessions = sessionTable(account, 2);
  expect(sessions.open({ UserName: 'admin', Password: 'Secret' }).status).toBe(401);
  expect(sessions.open({ UserName: 'admin' }).status).toBe(401);
  expect(sessions.recognises(byBasic('admin:secret'))).toBe(true);
  expect(sessions.recognises(byBasic('admin:secret '))).toBe(false);
  expect(sessions.recognises(byBasic('admin'))).toBe(false);
  expect(sessions.recognises(byToken(''))).toBe(false);
  expect(sessions.recognises(byToken(undefined))).toBe(false);
});

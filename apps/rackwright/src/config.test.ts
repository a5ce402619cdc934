// Settings from the environment: where webhooks may be sent.
import { isAllowedAddress, refuseTarget } from '@rackwright/domain/webhooks/target.ts';
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const targets = (env: Record<string, string>) => readConfig(env, []).webhookTargets;

test('webhooks reach the public internet over https, unless more is allowed', () => {
  expect(isAllowedAddress('10.4.0.1', targets({}))).toBe(false);
  expect(refuseTarget('http://hooks.example.com/', targets({}))).toMatchObject({ why: 'not_https' });
  const some = targets({ RACKWRIGHT_WEBHOOK_ALLOW_PRIVATE: '10.4.0.0/16, fd00::/8', RACKWRIGHT_WEBHOOK_ALLOW_HTTP: 'yes' });
  expect(['10.4.0.1', 'fd00::1', '10.5.0.1', '127.0.0.1'].map((address) => isAllowedAddress(address, some))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(refuseTarget('http://hooks.example.com/', some)).toBeUndefined();
  const all = targets({ RACKWRIGHT_WEBHOOK_ALLOW_PRIVATE: 'all' });
  expect(['127.0.0.1', '::1'].every((address) => isAllowedAddress(address, all))).toBe(true);
});

test.each([
  ['RACKWRIGHT_WEBHOOK_ALLOW_PRIVATE', '10.4.0.0/99'],
  ['RACKWRIGHT_WEBHOOK_ALLOW_PRIVATE', 'receivers.example.com'],
  ['RACKWRIGHT_WEBHOOK_ALLOW_HTTP', '1'],
])('%s=%s is refused', (variable, text) => {
  expect(() => targets({ [variable]: text })).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
});

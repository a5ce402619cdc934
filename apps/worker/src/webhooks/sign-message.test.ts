// Signatures against a vector that was computed elsewhere (docs of the specification's scheme, by hand with openssl).
import { expect, test } from 'vitest';
import { signMessage } from './sign-message.ts';

const SECRET = 'whsec_cmFja3dyaWdodC1leGFtcGxlLXNlY3JldC0zMmJ5dGU=';
const BODY =
  '{"type":"server.lifecycle.changed","timestamp":"2026-11-22T08:00:00Z","data":{"serverId":"srv_01KAN7ZK3M","from":"provisioning",' +
  '"to":"ready","operationId":"op_01KAN7ZP8R","resourceVersion":"48213"}}';

test('the known message has the known signature', () => {
  expect(signMessage({ id: 'evt_01KAN8Q2Z7X4V6T9M3C5D1F0GH', body: BODY }, [SECRET], 1_795_334_400_999)).toEqual({
    'webhook-id': 'evt_01KAN8Q2Z7X4V6T9M3C5D1F0GH',
    'webhook-timestamp': '1795334400',
    'webhook-signature': 'v1,dDgsQTEjXIR/frizvl67zEdzhsFgTteP+gi40kTtkwM=',
  });
});

test('each secret signs, separated by a blank', () => {
  const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const both = signMessage({ id: 'a', body: '{}' }, [SECRET, other], 0)['webhook-signature'].split(' ');
  expect(both).toEqual([SECRET, other].map((secret) => signMessage({ id: 'a', body: '{}' }, [secret], 0)['webhook-signature']));
  expect(new Set(both).size).toBe(2);
});

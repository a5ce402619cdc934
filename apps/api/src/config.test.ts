// The API never stands open to a network.
import { expect, test } from 'vitest';
import { refuseOpenDoor } from './config.ts';

const none = { authentication: { kind: 'none', principal: 'local' } } as const;
const tokens = { authentication: { kind: 'tokens', tokens: [{ principal: 'ci', sha256: 'a'.repeat(64) }] } } as const;

test.each(['127.0.0.1', '::1', 'localhost'])('without tokens it may listen on %s', (host) => {
  expect(() => refuseOpenDoor(none, { host, port: 0 })).not.toThrow();
});

test.each(['0.0.0.0', '::', '10.0.0.5', 'rackwright.example'])('without tokens it may not listen on %s', (host) => {
  expect(() => refuseOpenDoor(none, { host, port: 0 })).toThrow('no API tokens');
  expect(() => refuseOpenDoor({ authentication: { kind: 'tokens', tokens: [] } }, { host, port: 0 })).toThrow('empty');
  expect(() => refuseOpenDoor(tokens, { host, port: 0 })).not.toThrow();
});

// What every request goes through: tokens, foreign pages, forms, problems, ids, the log.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { hashToken } from '@rackwright/api-app/http/authenticate.ts';
import { describe, expect, test, vi } from 'vitest';
import { useApi } from './api-server.ts';

const TOKEN = 'rwk_7Qm2vXc9Lr4TzK8sWb1NfH6yPd3EgA4M8LWd';
const closed = useApi({
  authentication: {
    kind: 'tokens',
    tokens: [
      { principal: 'ci', sha256: hashToken(TOKEN) },
      { principal: 'ops', sha256: hashToken('other') },
    ],
  },
});
const bearer = { authorization: `Bearer ${TOKEN}` };

describe('with API tokens', () => {
  test.each([
    ['none', {}],
    ['another', { authorization: 'Bearer rwk_wrong' }],
    ['the hash of one', { authorization: `Bearer ${hashToken(TOKEN)}` }],
    ['a password', { authorization: `Basic ${Buffer.from(`ci:${TOKEN}`).toString('base64')}` }],
    ['nothing in it', { authorization: 'Bearer ' }],
  ])('a request with %s is refused before anything is looked at', async (_what, headers) => {
    const answer = await closed.call('POST', '/v1/sites', { nonsense: true }, headers);
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated', errors: [] } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('the name of the token is who asked', async () => {
    const made = await closed.call('POST', '/v1/sites', { name: 'AUTH' }, { ...bearer, 'idempotency-key': 'k' });
    expect(made.status).toBe(201);
    const [row] = await closed.sql<{ principal: string }>('select principal from idempotency_keys');
    expect(row?.principal).toBe('ci');
    // Another's key is another key.
    const other = await closed.call(
      'POST',
      '/v1/sites',
      { name: 'AUTH' },
      { authorization: 'Bearer other', 'idempotency-key': 'k' },
    );
    expect(other).toMatchObject({ status: 409, body: { code: 'name_taken' } });
  });

  test('health and the description of the API are open, everything else is not', async () => {
    for (const path of ['/healthz', '/readyz', '/v1/openapi.json'])
      expect((await closed.call('GET', path)).status, path).toBe(200);
    for (const path of ['/v1/servers', '/v1/events', '/healthz/..;/v1/servers', '/v1//openapi.json', '/nowhere'])
      expect((await closed.call('GET', path)).status, path).toBe(401);
  });

  test('no token and no cookie stands in the log', async () => {
    await closed.call('GET', '/v1/sites', undefined, { ...bearer, cookie: 'session=hush' });
    expect(closed.log()).toContain('/v1/sites');
    expect(closed.log()).not.toMatch(/rwk_|hush/);
  });
});

describe('a problem', () => {
  const ask = (method: string, path: string, body?: unknown, headers = {}) =>
    closed.call(method, path, body, { ...bearer, ...headers });

  test('has its request id, which is the caller’s when that is a UUID', async () => {
    const id = '0f0e0d0c-1111-4222-8333-444455556666';
    const answer = await ask('GET', '/v1/servers/nope', undefined, { 'x-request-id': id });
    expect(answer).toMatchObject({ status: 404, body: { requestId: id, instance: '/v1/servers/nope' } });
    expect(answer.headers.get('x-request-id')).toBe(id);
    const other = await ask('GET', '/v1/servers', undefined, { 'x-request-id': 'no uuid' });
    expect(other.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    ['no JSON', 'POST', '/v1/sites', '{"name":', {}, 400, 'invalid_json'],
    ['an empty body', 'POST', '/v1/sites', '', {}, 400, 'invalid_json'],
    ['a list', 'POST', '/v1/sites', '[]', {}, 400, 'invalid_request'],
    ['a poisoned prototype', 'POST', '/v1/sites', '{"name":"a","__proto__":{"admin":true}}', {}, 400, 'invalid_json'],
    ['XML', 'POST', '/v1/sites', '<name/>', { 'content-type': 'application/xml' }, 415, 'unsupported_media_type'],
    [
      'a form',
      'POST',
      '/v1/sites',
      'name=a',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    ['two megabytes', 'POST', '/v1/sites', JSON.stringify({ name: 'x'.repeat(2_000_000) }), {}, 413, 'body_too_large'],
    ['a path that is none', 'GET', '/v1/serverz', undefined, {}, 404, 'not_found'],
    ['a method that is none', 'DELETE', '/v1/servers', undefined, {}, 405, 'method_not_allowed'],
    ['an id of another kind', 'GET', '/v1/servers/site_01JD9Z0000000000000000000A', undefined, {}, 404, 'not_found'],
    ['a limit of nothing', 'GET', '/v1/servers?limit=0', undefined, {}, 400, 'invalid_request'],
    ['a key with a blank', 'POST', '/v1/sites', { name: 'a' }, { 'idempotency-key': 'a b' }, 400, 'invalid_request'],
  ])('says of %s what is wrong', async (_what, method, path, body, headers, status, code) => {
    const answer = await ask(method, path, body, headers);
    expect(answer).toMatchObject({ status, body: { status, code, retryable: false } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body.detail).not.toMatch(/\{|undefined/);
    expect(answer.body.whatToDo).not.toBe('');
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|at \w+ \(/);
  });

  test('names every wrong field', async () => {
    const answer = await ask('POST', '/v1/racks', { name: '-', heightU: 0, colour: 'red' });
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer).toSorted()).toEqual([
      '/colour',
      '/heightU',
      '/name',
      '/siteId',
    ]);
  });

  const nested = (deep: number, inner = '0'): string => '{"a":'.repeat(deep) + inner + '}'.repeat(deep);
  const schedule = (params: string): string => `{"name":"deep","task":"aged_states","cron":"0 3 * * *","params":${params}}`;
  const cluster = (settings: string): string =>
    `{"name":"deep","apiEndpoint":"https://10.0.0.1:6443","ca":"x","kubernetesVersion":"1.31.0","settings":${settings}}`;
  const deep = nested(100_000);
  test.each([
    ['parameters of a schedule', 'POST', '/v1/schedules', schedule(deep), '/params/a/a'],
    ['lists', 'POST', '/v1/schedules', schedule(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), '/params/a/0'],
    ['settings of a cluster', 'POST', '/v1/clusters', cluster(deep), '/settings/a/a'],
    ['a change', 'PATCH', '/v1/schedules/name:deep', `{"params":${deep}}`, '/params/a/a'],
    ['a field that is none', 'POST', '/v1/sites', deep, '/a/a'],
    ['one level too many', 'POST', '/v1/schedules', schedule(nested(33)), '/params/a/a'],
  ])('of nesting says where it goes too deep: %s', async (_what, method, path, body, begins) => {
    for (const key of [{}, { 'idempotency-key': 'deep' }]) {
      const answer = await ask(method, path, body, { ...key, 'if-match': '*' });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ code: 'too_deep' }] } });
      const [{ pointer, message }] = answer.body.errors;
      expect(pointer.startsWith(begins), pointer).toBe(true);
      expect(pointer.split('/').length).toBeLessThan(40);
      expect(message).toMatch(/32/);
    }
  });

  test('of nesting that is allowed, and of a NUL in it, says something else', async () => {
    expect((await ask('POST', '/v1/schedules', schedule(nested(32)))).body).toMatchObject({
      code: 'unknown_field',
      errors: [{ pointer: '/params/a' }],
    });
    const nul = (await ask('POST', '/v1/schedules', schedule(nested(5, '"\\u0000"')))).body;
    expect(nul.errors).toMatchObject([{ pointer: '/params/a/a/a/a/a', message: expect.stringMatching(/NUL/) }]);
  });

  test('of ours is in the log, and nothing of it in the answer', async () => {
    await closed.sql('alter table sites rename to sites_away');
    try {
      const answer = await ask('GET', '/v1/sites');
      expect(answer).toMatchObject({ status: 500, body: { code: 'internal_error', params: {} } });
      expect(JSON.stringify(answer.body)).not.toContain('sites_away');
      expect(closed.log()).toContain(answer.body.requestId);
    } finally {
      await closed.sql('alter table sites_away rename to sites');
    }
  });
});

describe('without API tokens', () => {
  const open = useApi();

  test.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin', { origin: 'null' }],
  ])('%s may not ask', async (_what, headers) => {
    expect(await open.call('POST', '/v1/sites', { name: 'CSRF' }, headers)).toMatchObject({
      status: 403,
      body: { code: 'forbidden_origin' },
    });
  });

  test('our own page may; a name that was bound to loopback may not', async () => {
    expect((await open.call('GET', '/v1/sites', undefined, { origin: open.url })).status).toBe(200);
    const { port } = new URL(open.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /v1/sites HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    await vi.waitFor(() => expect(text).toContain('forbidden_origin'));
    socket.destroy();
  });
});

test('docs/openapi.json is what the API serves', async () => {
  const served = (await closed.call('GET', '/v1/openapi.json')).body;
  expect(served).toEqual(JSON.parse(readFileSync('docs/openapi.json', 'utf8')));
  expect(served.openapi).toBe('3.1.0');
  const operations = Object.values(
    served.paths as Record<string, Record<string, { operationId?: string; tags?: string[] }>>,
  ).flatMap((path) => Object.values(path));
  const ids = operations.map((operation) => operation.operationId);
  expect(ids.every((id) => id !== undefined)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  const declared = served.tags.map(({ name }: { name: string }) => name);
  expect(operations.flatMap(({ tags = [] }) => tags).filter((tag) => !declared.includes(tag))).toEqual([]);
  expect(operations.filter(({ tags = [] }) => tags.length === 0)).toEqual([]);
});

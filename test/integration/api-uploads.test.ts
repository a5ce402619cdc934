// Files that are sent to the API: whole or not at all, never in place of others, and nothing but bytes.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useApi } from './api-server.ts';

const api = useApi();
const bytes = { 'content-type': 'application/octet-stream' };
const put = (path: string, text: string, headers: Record<string, string> = {}) =>
  api.call('PUT', path, text, { ...bytes, ...headers });

test('other bytes under a name that is taken are refused, and those on file stay', async () => {
  const first = await put('/v1/artifacts/kubelet/v1.36.0', '"first"');
  expect(first.status).toBe(200);
  expect(await put('/v1/artifacts/kubelet/v1.36.0', 'other')).toMatchObject({ status: 409, body: { code: 'name_taken' } });
  const [onFile] = await api.sql<{ path: string }>('select path from artifacts');
  expect(readFileSync(onFile?.path ?? '', 'utf8')).toBe('"first"');
  expect(await put('/v1/artifacts/kubelet/v1.36.0', '"first"')).toMatchObject({ status: 200, body: first.body });
  const wrong = { 'x-checksum-sha256': 'a'.repeat(64) };
  expect(await put('/v1/artifacts/kubelet/v1.36.1', 'x', wrong)).toMatchObject({ body: { code: 'checksum_mismatch' } });
  const right = { 'x-checksum-sha256': first.body.sha256 };
  expect(await put('/v1/artifacts/kubelet/v1.36.0', 'x', right)).toMatchObject({ body: { code: 'checksum_mismatch' } });
});

test.each(['/v1/artifacts/kubelet/v2', '/v1/images/one'])('JSON is no file: PUT %s', async (path) => {
  const answer = await api.call('PUT', path, {});
  expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
});

test.each([
  ['GET', '/v1/servers/name:%00', undefined, '/path/ref'],
  ['GET', `/v1/servers?filter=${encodeURIComponent("name='a\0'")}`, undefined, '/query/filter'],
  ['POST', '/v1/servers/name:x/operations', { type: 'release', reason: 'a\0b' }, '/reason'],
])('a NUL is refused by name: %s %s', async (method, path, body, pointer) => {
  const answer = await api.call(method, path, body, method === 'POST' ? { 'idempotency-key': 'nul' } : {});
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ pointer }] } });
});

// What operators paste, and what is refused with a sentence they can act on.
import { Refusal } from '@rackwright/domain/errors.ts';
import { expect, test } from 'vitest';
import { type KubeconfigOptions, readKubeconfig } from './kubeconfig.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
const base64 = Buffer.from(PEM).toString('base64');

const config = (cluster: string, user: string) => `
apiVersion: v1
kind: Config
current-context: here
clusters:
  - {name: c, cluster: {${cluster}}}
  - {name: other, cluster: {server: 'https://other'}}
users:
  - {name: u, user: {${user}}}
contexts:
  - {name: here, context: {cluster: c, user: u}}
  - {name: there, context: {cluster: other, user: u}}
`;

function problem(text: string, options: KubeconfigOptions = {}): unknown {
  try {
    readKubeconfig(text, options);
  } catch (cause) {
    if (cause instanceof Refusal && cause.code === 'kubeconfig_unusable') return cause.facts.problem;
    throw cause;
  }
  return undefined;
}

test('a token and a CA', () => {
  expect(readKubeconfig(config(`server: 'https://a:6443', certificate-authority-data: ${base64}`, 'token: t'))).toEqual({
    server: 'https://a:6443',
    caData: PEM,
    serverIdentity: 'checked',
    credentials: { kind: 'token', token: 't' },
  });
});

test('a client certificate, and a server nobody checks', () => {
  const user = `client-certificate-data: ${base64}, client-key-data: ${base64}`;
  expect(readKubeconfig(config(`server: 'https://a', insecure-skip-tls-verify: true`, user))).toEqual({
    server: 'https://a',
    serverIdentity: 'unchecked',
    credentials: { kind: 'client_certificate', certificate: PEM, key: PEM },
  });
});

test('another context than the current one', () => {
  expect(readKubeconfig(config("server: 'https://a'", 'token: t'), { context: 'there' }).server).toBe('https://other');
});

test('files are read only when the caller lends a reader', () => {
  const text = config("server: 'https://a', certificate-authority: /etc/ca.crt", 'tokenFile: /etc/token');
  expect(problem(text)).toBe('certificate-authority names a file: embed what it holds');
  const files: Record<string, string> = { '/etc/ca.crt': PEM, '/etc/token': 'secret\n' };
  const endpoint = readKubeconfig(text, { readFile: (path) => files[path] ?? '' });
  expect(endpoint).toMatchObject({ caData: PEM, credentials: { kind: 'token', token: 'secret' } });
});

test.each([
  [
    'a credential plug-in',
    config("server: 'https://a'", 'exec: {command: aws}'),
    'credential plug-ins are not run: use a token or a client certificate',
  ],
  ['no credentials', config("server: 'https://a'", ''), 'the user has neither a token nor a client certificate with its key'],
  [
    'a certificate without its key',
    config("server: 'https://a'", `client-certificate-data: ${base64}`),
    'the user has neither a token nor a client certificate with its key',
  ],
  ['a server that is none', config('server: a', 'token: t'), 'server is no http(s) URL'],
  [
    'a CA that is none',
    config("server: 'https://a', certificate-authority-data: eA==", 'token: t'),
    'certificate-authority is not PEM',
  ],
  ['a list', '- 1', 'not YAML with a kubeconfig in it'],
  ['broken YAML, not quoted back', 'token: "secret', 'not YAML with a kubeconfig in it'],
  ['nothing chosen', 'kind: Config', 'no context is chosen'],
])('refuses %s', (_, text, expected) => expect(problem(text)).toBe(expected));

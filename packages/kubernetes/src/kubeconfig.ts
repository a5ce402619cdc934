// Reads a kubeconfig text (as an operator pastes it) into an endpoint. It opens no file by itself and runs no program.
import { Refusal } from '@rackwright/domain/errors.ts';
import { parse } from 'yaml';
import type { ClusterCredentials, ClusterEndpoint } from './cluster-api.ts';

type Named = { name?: unknown; [part: string]: unknown };
type Part = Record<string, unknown>;

export type KubeconfigOptions = {
  /** Default: current-context. */
  context?: string;
  /**
   * Reads a file that the kubeconfig names. Only for a kubeconfig of the machine's own administrator: from anybody
   * else such a name could be any file of ours. Without it, named files are refused.
   */
  readFile?: (path: string) => string;
};

/** Throws Refusal kubeconfig_unusable; `problem` says what to change. */
export function readKubeconfig(text: string, options: KubeconfigOptions = {}): ClusterEndpoint {
  const config = parseYaml(text);
  const wanted = options.context ?? asText(config['current-context']);
  const context = find(config.contexts, wanted ?? '', 'context');
  const cluster = find(config.clusters, asText(context.cluster) ?? '', 'cluster');
  const user = find(config.users, asText(context.user) ?? '', 'user');

  const server = asText(cluster.server);
  if (server === undefined || !/^https?:\/\//.test(server) || !URL.canParse(server)) throw unusable('server is no http(s) URL');
  if (cluster['proxy-url'] !== undefined) throw unusable('proxy-url is not supported');
  const ca = pem(cluster, 'certificate-authority', options);
  return {
    server,
    ...(ca === undefined ? {} : { caData: ca }),
    serverIdentity: cluster['insecure-skip-tls-verify'] === true ? 'unchecked' : 'checked',
    credentials: readCredentials(user, options),
  };
}

function readCredentials(user: Part, options: KubeconfigOptions): ClusterCredentials {
  // A plug-in is a program run with our rights, chosen by whoever wrote the file.
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    throw unusable('credential plug-ins are not run: use a token or a client certificate');
  }
  const token = asText(user.token) ?? namedFile(user, 'tokenFile', options)?.trim();
  if (token !== undefined) return { kind: 'token', token };
  const certificate = pem(user, 'client-certificate', options);
  const key = pem(user, 'client-key', options);
  if (certificate !== undefined && key !== undefined) return { kind: 'client_certificate', certificate, key };
  throw unusable('the user has neither a token nor a client certificate with its key');
}

function parseYaml(text: string): Part {
  if (text.length > 1024 * 1024) throw unusable('longer than 1 MiB');
  try {
    const parsed: unknown = parse(text, { maxAliasCount: 10 });
    if (isPart(parsed)) return parsed;
  } catch {
    // The parser's message quotes the text, and the text holds keys.
  }
  throw unusable('not YAML with a kubeconfig in it');
}

function find(list: unknown, name: string, kind: 'context' | 'cluster' | 'user'): Part {
  const named = Array.isArray(list) ? (list as Named[]).find((entry) => entry?.name === name) : undefined;
  const part = named?.[kind];
  if (!isPart(part)) throw unusable(`no ${kind} ${name ? `named ${name}` : 'is chosen'}`);
  return part;
}

/** `<name>-data` is base64 of PEM and comes before `<name>`, a file: kubectl's order. */
function pem(part: Part, name: string, options: KubeconfigOptions): string | undefined {
  const embedded = asText(part[`${name}-data`]);
  const text = embedded === undefined ? namedFile(part, name, options) : Buffer.from(embedded, 'base64').toString('utf8');
  if (text !== undefined && !text.includes('-----BEGIN ')) throw unusable(`${name} is not PEM`);
  return text;
}

function namedFile(part: Part, name: string, { readFile }: KubeconfigOptions): string | undefined {
  const path = asText(part[name]);
  if (path === undefined) return undefined;
  if (readFile === undefined) throw unusable(`${name} names a file: embed what it holds`);
  return readFile(path);
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unusable(problem: string): Refusal {
  return new Refusal('kubeconfig_unusable', { problem });
}

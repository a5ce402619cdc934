// One connection to one BMC: a request at a time, an answer of bounded size, and a certificate that is the right one.
import type { BmcEndpoint } from '@rackwright/domain/bmc.ts';
import { Client } from 'undici';
import { connectorFor } from './tls.ts';
import type { Timings } from './timings.ts';

export type RedfishMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export type RedfishRequest = {
  method: RedfishMethod;
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  timeoutMs: number;
};

export type RedfishResponse = { status: number; headers: ReadonlyMap<string, string>; body: string };

export type Transport = {
  /** Throws what undici throws: see `wasNeverSent`. */
  send(request: RedfishRequest): Promise<RedfishResponse>;
  /** From now on a new connection for each request. */
  useFreshConnections(): void;
  close(): Promise<void>;
};

const MAX_BODY_BYTES = 8 * 1024 * 1024;
// BMCs choke on connections held open between operations (sushy, connector.py): keep one only for the next request in a row.
const KEEP_ALIVE_MS = 1_000;

// BMCs put blanks and umlauts into @odata.id, and want them back encoded.
const NOT_IN_A_PATH = /[^\x21-\x7e]+/g;

export function openTransport(endpoint: BmcEndpoint, timings: Timings): Transport {
  const origin = originOf(endpoint);
  const client = new Client(origin, {
    connect: connectorFor(origin, endpoint.tls, timings.connect),
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxResponseSize: MAX_BODY_BYTES,
    allowH2: false,
  });
  let fresh = false;

  return {
    async send({ method, path, headers, body, timeoutMs }) {
      const answer = await client.request({
        method,
        path: path.replaceAll(NOT_IN_A_PATH, encodeURIComponent),
        headers,
        body: body ?? null,
        reset: fresh,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      return { status: answer.statusCode, headers: firstValues(answer.headers), body: await answer.body.text() };
    },
    useFreshConnections() {
      fresh = true;
    },
    close: () => client.destroy(),
  };
}

/** `10.0.4.12` means `https://10.0.4.12`; whatever else an address carries (a path, a user) is dropped. */
export function originOf(endpoint: BmcEndpoint): URL {
  const url = new URL(/^https?:\/\//i.test(endpoint.address) ? endpoint.address : `https://${endpoint.address}`);
  return new URL(url.origin);
}

/** The request cannot have reached the BMC; after any other failure it may have. */
export function wasNeverSent(error: unknown): boolean {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT' || isTlsError(error)) return true;
  return error instanceof Error && 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo');
}

/** The connection broke under a request, as old ones do. Silence (a timeout) is not that. */
export function wasCutOff(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error));
}

export function isTlsError(error: unknown): boolean {
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO|RW_CERTIFICATE)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return String(error.code);
}

function firstValues(headers: Record<string, string | string[] | undefined>): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) values.set(name.toLowerCase(), first);
  }
  return values;
}

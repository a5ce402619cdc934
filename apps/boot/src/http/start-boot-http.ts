// The boot app's HTTP server: plain HTTP, for servers on the provisioning network that own nothing yet to trust a certificate with.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { seconds } from '@rackwright/domain/durations.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import { type Exchange, HttpProblem, peerAddress, sendProblem } from './exchange.ts';
import { gate } from './gate.ts';
import type { BootHttpNeeds } from './needs.ts';
import { ROUTES, type RouteNeeds } from './routes.ts';

export type BootHttpSettings = {
  host: string;
  /** 0: any free one. */
  port: number;
  needs: BootHttpNeeds;
  /** What servers are told to come back to; unless told, the address and port that they reached us on. */
  bootUrl?: string;
  /** Further words on the agent kernel's command line. */
  kernelArguments?: readonly string[];
  /** Files sent at once; more get 503 and Retry-After. */
  transfers?: number;
  /** Agents waiting for an instruction at once. */
  waiters?: number;
  /** Milliseconds that an agent waits; docs/agent-protocol.md says 20 s. */
  longestWait?: number;
};

export type BootHttp = { readonly port: number; close(): Promise<void> };

export async function startBootHttp(settings: BootHttpSettings): Promise<BootHttp> {
  const closing = new AbortController();
  const needs: RouteNeeds = {
    ...settings.needs,
    transfers: gate(settings.transfers ?? 256, { code: 'too_many_transfers', retryAfterSeconds: 3 }),
    seedImages: gate(16, { code: 'too_many_seeds', retryAfterSeconds: 2 }, 1_000),
    waiters: gate(settings.waiters ?? 20_000, { code: 'too_many_waiting', retryAfterSeconds: 15 }),
    closing: closing.signal,
    kernelArguments: settings.kernelArguments ?? [],
    ...(settings.longestWait === undefined ? {} : { longestWait: settings.longestWait }),
  };
  const server = createServer(
    // 60 s for a body of 1 MB; a connection kept open outlives the agent's 20 s wait and its longest pause of 15 s.
    { headersTimeout: seconds(15), requestTimeout: seconds(60), keepAliveTimeout: seconds(40), maxHeaderSize: 8_192 },
    (request, response) => void answer(request, response, needs, settings.bootUrl),
  );
  // Two per server of a site of ten thousand, and then some; what comes above is dropped rather than starving the rest.
  server.maxConnections = 25_000;
  await listen(server, settings.host, settings.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => close(server, closing),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, needs: RouteNeeds, bootUrl?: string): Promise<void> {
  const url = parseUrl(request.url);
  try {
    if (!url) throw new HttpProblem(400, 'bad_url');
    const { answer: route, params } = findRoute(request.method ?? '', url.pathname);
    const exchange: Exchange = {
      request,
      response,
      path: url.pathname,
      query: url.searchParams,
      params,
      peer: peerAddress(request),
      bootUrl: bootUrl ?? `http://${localAddress(request)}`,
    };
    await route(exchange, needs);
  } catch (error) {
    sendProblem(response, problemOf(error, url?.pathname ?? '', needs));
  }
}

function findRoute(method: string, path: string) {
  const wanted = method === 'HEAD' ? 'GET' : method;
  let pathKnown = false;
  for (const [routeMethod, pattern, route] of ROUTES) {
    const match = pattern.exec(path);
    if (!match) continue;
    if (routeMethod === wanted) return { answer: route, params: match.slice(1) };
    pathKnown = true;
  }
  throw pathKnown ? new HttpProblem(405, 'method_not_allowed') : new HttpProblem(404, 'not_found');
}

/** Logged by path alone: neither the query nor a header may bring a secret into the log. */
function problemOf(error: unknown, path: string, { log }: Pick<BootHttpNeeds, 'log'>): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof Fault) {
    log({ level: 'warn', event: 'boot_http_fault', path, code: error.code, cause: error.message });
    return new HttpProblem(503, error.code, 5);
  }
  // The client hung up while we read its body.
  if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return new HttpProblem(400, 'hung_up');
  log({
    level: 'error',
    event: 'boot_http_bug',
    path,
    cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return new HttpProblem(500, 'internal_error');
}

function parseUrl(text: string | undefined): URL | undefined {
  return URL.parse(text ?? '', 'http://boot.invalid') ?? undefined;
}

function localAddress({ socket }: IncomingMessage): string {
  const address = (socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
  return `${address.includes(':') ? `[${address}]` : address}:${socket.localPort}`;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Fault({ code: 'port_unavailable', doing: `listen for HTTP on ${host}:${port}`, retry: 'later', cause })),
    );
    server.listen(port, host, 4096, resolve);
  });
}

/** Waiting agents are sent away at once, transfers get ten seconds. */
async function close(server: Server, closing: AbortController): Promise<void> {
  closing.abort();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const lastCall = setTimeout(() => server.closeAllConnections(), seconds(10));
  // A keep-alive connection that just finished its last answer is idle only now.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearTimeout(lastCall);
  clearInterval(sweep);
}

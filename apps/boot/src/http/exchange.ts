// One request and its answer, as every route gets them; and how an answer goes wrong with a name.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

export type Exchange = {
  request: IncomingMessage;
  response: ServerResponse;
  path: string;
  query: URLSearchParams;
  /** What the route's pattern caught, in order. */
  params: readonly string[];
  /** The client's address; IPv4 in dotted form even where the socket speaks both. */
  peer: string;
  /** How the client reaches us: `http://10.77.0.1:8081`. */
  bootUrl: string;
};

/** An answer other than 2xx; `code` is the body's one line. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, code: string, retryAfterSeconds?: number) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function peerAddress(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}

export function sendText(exchange: Exchange, text: string, contentType = 'text/plain; charset=utf-8'): void {
  const body = Buffer.from(text);
  exchange.response.writeHead(200, { 'content-type': contentType, 'content-length': body.length, 'cache-control': 'no-store' });
  exchange.response.end(exchange.request.method === 'HEAD' ? undefined : body);
}

export function sendNothing(exchange: Exchange): void {
  exchange.response.writeHead(204, { 'cache-control': 'no-store' });
  exchange.response.end();
}

export function sendProblem(response: ServerResponse, problem: HttpProblem): void {
  // A file that broke off half way: the connection is all there is left to say it with.
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(`${problem.code}\n`);
  const headers: OutgoingHttpHeaders = {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
  };
  if (problem.retryAfterSeconds !== undefined) headers['retry-after'] = String(problem.retryAfterSeconds);
  // The rest of its body is not worth reading.
  if (problem.status === 413) headers.connection = 'close';
  response.writeHead(problem.status, headers).end(body);
}

// HTTP as simulated servers speak it: one keep-alive pool for thousands of them, each calling from its own leased address.
import { createHash } from 'node:crypto';
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';

export type WebAsk = {
  method?: 'GET' | 'HEAD' | 'POST';
  url: string;
  /** The address to call from, where it is one of this machine (127.0.0.0/8); others are left to the routing. */
  from: string;
  userAgent: string;
  token?: string;
  body?: { type: string; text: string };
  range?: string;
  power: AbortSignal;
  /** Milliseconds without an answer. */
  within?: number;
  /** Hangs up once this much of the body is here, in bytes. */
  firstBytes?: number;
};

export type WebAnswer = { status: number; headers: IncomingMessage['headers']; body: Buffer };
/** Of a body that was not kept. */
export type WebDigest = { status: number; headers: IncomingMessage['headers']; sha256: string; bytes: number };

export type WebClient = {
  /** Rejects when nobody answers, when the body is over 8 MiB, and when the power goes. */
  ask(ask: WebAsk): Promise<WebAnswer>;
  /** Reads a body of any size and keeps its checksum only. */
  digest(ask: WebAsk): Promise<WebDigest>;
  close(): void;
};

const LARGEST_BODY = 8 * 1024 * 1024;
const WITHIN = 60_000;

export function webClient(): WebClient {
  // One socket per server at most: each of them does one thing at a time.
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 2_048, timeout: 30_000 });
  const open = (ask: WebAsk) => send(agent, ask);
  return {
    async ask(ask) {
      const response = await open(ask);
      const pieces: Buffer[] = [];
      let length = 0;
      for await (const piece of response as AsyncIterable<Buffer>) {
        length += piece.length;
        if (length > LARGEST_BODY) throw new Error(`${ask.url}: more than ${LARGEST_BODY} bytes`);
        pieces.push(piece);
        if (length >= (ask.firstBytes ?? Number.POSITIVE_INFINITY)) break;
      }
      return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces, length) };
    },
    async digest(ask) {
      const response = await open(ask);
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of response as AsyncIterable<Buffer>) {
        bytes += piece.length;
        hash.update(piece);
      }
      return { status: response.statusCode ?? 0, headers: response.headers, sha256: hash.digest('hex'), bytes };
    },
    close: () => agent.destroy(),
  };
}

function send(agent: Agent, ask: WebAsk, mayRepeat = true): Promise<IncomingMessage> {
  const { method = ask.body ? 'POST' : 'GET', url, from, body, power } = ask;
  const headers: OutgoingHttpHeaders = { 'user-agent': ask.userAgent };
  if (ask.token !== undefined) headers.authorization = `Bearer ${ask.token}`;
  if (ask.range !== undefined) headers.range = ask.range;
  if (body) {
    headers['content-type'] = body.type;
    headers['content-length'] = Buffer.byteLength(body.text);
  }
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        agent,
        method,
        headers,
        signal: power,
        timeout: ask.within ?? WITHIN,
        ...(from.startsWith('127.') ? { localAddress: from } : {}),
      },
      resolve,
    );
    asked.on('timeout', () => asked.destroy(new Error(`${url}: no answer`)));
    asked.on('error', (cause: NodeJS.ErrnoException) => {
      // The server closed a kept connection at the very moment we used it again: nothing was done yet.
      if (mayRepeat && asked.reusedSocket && cause.code === 'ECONNRESET') resolve(send(agent, ask, false));
      else reject(cause);
    });
    asked.end(body?.text);
  });
}

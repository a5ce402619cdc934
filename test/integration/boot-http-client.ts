// A plain HTTP client that may call from any loopback address, as servers with their own addresses do.
import { type OutgoingHttpHeaders, request } from 'node:http';

export type Answer = { status: number; headers: Record<string, string>; body: Buffer; text: string };
export type Ask = {
  method?: string;
  from?: string;
  token?: string;
  body?: unknown;
  form?: Record<string, string>;
  headers?: OutgoingHttpHeaders;
};

export function httpClient(port: number) {
  return (path: string, { method, from = '127.0.0.1', token, body, form, headers = {} }: Ask = {}): Promise<Answer> => {
    const content = form ? new URLSearchParams(form).toString() : typeof body === 'string' ? body : JSON.stringify(body);
    const sent: OutgoingHttpHeaders = { ...headers };
    if (token !== undefined) sent.authorization = `Bearer ${token}`;
    if (content !== undefined) sent['content-length'] = Buffer.byteLength(content);
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          path,
          localAddress: from,
          method: method ?? (content === undefined ? 'GET' : 'POST'),
          headers: sent,
        },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('error', reject);
          response.on('end', () => {
            const bytes = Buffer.concat(pieces);
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers as Record<string, string>,
              body: bytes,
              text: bytes.toString(),
            });
          });
        },
      );
      asked.on('error', reject);
      asked.end(content);
    });
  };
}

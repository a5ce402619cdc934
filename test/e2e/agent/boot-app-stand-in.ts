// A child process inside the rack's namespace that answers the install agent as the boot app would, and misbehaves on request.
// Started by agent-rack.ts with an IPC channel: orders come in, what the agent asked and sent goes out.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

export type Misfortune = { status: number } | { spoil: true };

export type Order =
  | { order: 'instruct'; id: string; lines: string[] }
  | { order: 'serve'; path: string; file: string }
  | { order: 'misfortune'; path: string; what: Misfortune; times: number }
  | { order: 'token'; token: string };

export type Report = { report: 'listening' } | { report: 'request'; method: string; path: string; status: number; body: string };

const [address = '', port = '', token = ''] = process.argv.slice(2);
const BODY_LIMIT = 256 * 1024;

const files = new Map<string, string>();
const misfortunes = new Map<string, { what: Misfortune; times: number }>();
const instructions: { id: string; lines: string[] }[] = [];
let goodToken = token;
let wake: () => void = () => {};

const tell = (report: Report) => process.send?.(report);

process.on('message', (message: Order) => {
  if (message.order === 'instruct') instructions.push(message);
  if (message.order === 'serve') files.set(message.path, message.file);
  if (message.order === 'misfortune') misfortunes.set(message.path, message);
  if (message.order === 'token') goodToken = message.token;
  wake();
});
process.on('disconnect', () => process.exit());

createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
}).listen(Number(port), address, () => tell({ report: 'listening' }));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '';
  const method = request.method ?? '';
  const body = await bodyOf(request);
  const finish = (status: number, content: string | Buffer = '') => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(content) }).end(content);
    tell({ report: 'request', method, path, status, body });
  };
  if (request.headers.authorization !== `Bearer ${goodToken}`) return finish(401);
  const bad = takeMisfortune(path);
  if (bad && 'status' in bad) return finish(bad.status);

  if (method === 'POST') {
    const instruction = /^\/agent\/v1\/instructions\/([^/]+)\/result$/.exec(path);
    if (instruction && instructions[0]?.id === instruction[1]) instructions.shift();
    return finish(204);
  }
  if (path === '/agent/v1/instruction') return finish(200, await nextInstruction());
  const file = files.get(path);
  if (file === undefined) return finish(404);
  if (bad) return finish(200, spoiled(await readFile(file)));
  response.writeHead(200, { 'content-length': (await stat(file)).size });
  await pipeline(createReadStream(file), response);
  tell({ report: 'request', method, path, status: 200, body });
}

/** Waits a little for one, as the real one does. */
async function nextInstruction(): Promise<string> {
  if (instructions.length === 0) {
    await Promise.race([new Promise<void>((resolve) => (wake = resolve)), new Promise((resolve) => setTimeout(resolve, 5_000))]);
  }
  const [next] = instructions;
  return next ? `id ${next.id}\n${next.lines.join('\n')}\n` : 'do wait\n';
}

function takeMisfortune(path: string): Misfortune | undefined {
  const bad = misfortunes.get(path);
  if (!bad) return undefined;
  bad.times -= 1;
  if (bad.times <= 0) misfortunes.delete(path);
  return bad.what;
}

function spoiled(content: Buffer): Buffer {
  content[content.length >> 1]! ^= 1;
  return content;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const piece of request.setEncoding('utf8')) {
    body += piece;
    if (body.length > BODY_LIMIT) throw new Error('body too long');
  }
  return body;
}

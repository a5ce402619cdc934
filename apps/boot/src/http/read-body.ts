// Bodies of requests: bounded, then JSON of a known shape or a form.
import { AGENT_BODY_LIMIT } from '@rackwright/api-contract/agent-contract.ts';
import { type Exchange, HttpProblem } from './exchange.ts';

const LARGEST_FORM = 64_000;

/** The shape of a Zod schema, so that the contract may be any that can be asked like this. */
export type Shape<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } };

/** Throws HttpProblem 413 or 400. */
export async function readJson<T>(exchange: Exchange, shape: Shape<T>): Promise<T> {
  const text = (await readBytes(exchange, AGENT_BODY_LIMIT)).toString('utf8');
  const parsed = shape.safeParse(parseJson(text));
  if (!parsed.success) throw new HttpProblem(400, 'body_not_as_agreed');
  return parsed.data;
}

/** `application/x-www-form-urlencoded`, as cloud-init's phone_home sends it. */
export async function readForm(exchange: Exchange): Promise<URLSearchParams> {
  return new URLSearchParams((await readBytes(exchange, LARGEST_FORM)).toString('utf8'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpProblem(400, 'body_not_json');
  }
}

async function readBytes({ request }: Exchange, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new HttpProblem(413, 'body_too_large');
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limit) throw new HttpProblem(413, 'body_too_large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

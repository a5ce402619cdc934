// The image that an agent writes: manifest, chunks, and the seed that makes the copy this server's own.
import { once } from 'node:events';
import { fatImage } from '@rackwright/documents/cidata/fat-image.ts';
import { agentCaller } from './agent-caller.ts';
import { instructionOf } from './agent-reports.ts';
import { type Exchange, HttpProblem } from './exchange.ts';
import type { Gate } from './gate.ts';
import type { BootHttpNeeds, SeedValues } from './needs.ts';
import { seedDocuments } from './seed-documents.ts';
import { sendFile } from './send-file.ts';

type Needs = Pick<BootHttpNeeds, 'now' | 'tickets' | 'discoveryKey' | 'reports' | 'files'> & {
  transfers: Gate;
  seedImages: Gate;
};

export async function answerManifest(exchange: Exchange, needs: Needs): Promise<void> {
  refuseStrangers(exchange, needs);
  const manifest = await needs.files.manifest(exchange.params[0] ?? '');
  if (!manifest) throw new HttpProblem(404, 'image_unknown');
  await sendFile(exchange, manifest);
}

export async function answerChunk(exchange: Exchange, needs: Needs): Promise<void> {
  refuseStrangers(exchange, needs);
  const chunk = await needs.files.chunk(exchange.params[0] ?? '', Number(exchange.params[1]));
  if (!chunk) throw new HttpProblem(404, 'chunk_unknown');
  await needs.transfers.through(() => sendFile(exchange, chunk));
}

/** Holds secrets: for the instruction's own ticket, until it has a result. */
export async function answerSeed(exchange: Exchange, needs: Needs): Promise<void> {
  const { ticketId, id } = instructionOf(exchange, needs);
  const values = await needs.reports.seed(ticketId, id);
  if (values === 'unknown') throw new HttpProblem(404, 'instruction_unknown');
  if (values === 'over') throw new HttpProblem(410, 'seed_no_longer_readable');
  await needs.seedImages.through(() => sendSeedImage(exchange, values));
}

/** Four mebibytes in memory until the agent has read them: few at a time. */
async function sendSeedImage(exchange: Exchange, values: SeedValues): Promise<void> {
  const { request, response, bootUrl } = exchange;
  // It hung up while it waited its turn; no `close` would come any more.
  if (response.destroyed) return;
  const files = Object.entries(seedDocuments(values, bootUrl)).map(([name, content]) => ({ name, content }));
  const image = fatImage('CIDATA', files);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': image.length,
    'cache-control': 'no-store',
  });
  const gone = once(response, 'close');
  response.end(request.method === 'HEAD' ? undefined : image);
  await gone;
}

function refuseStrangers(exchange: Exchange, needs: Needs): void {
  if (agentCaller(exchange, needs).kind === 'stranger') throw new HttpProblem(404, 'image_unknown');
}

// Boot loaders, kernel, ramdisk and Kubernetes' programs: what anybody on the provisioning network may read.
import { type Exchange, HttpProblem } from './exchange.ts';
import type { Gate } from './gate.ts';
import type { BootHttpNeeds } from './needs.ts';
import { sendFile } from './send-file.ts';

type Needs = Pick<BootHttpNeeds, 'files'> & { transfers: Gate };

export async function answerBootFile(exchange: Exchange, { files, transfers }: Needs): Promise<void> {
  const file = files.bootFile(exchange.params[0] ?? '');
  if (!file) throw new HttpProblem(404, 'boot_file_unknown');
  await transfers.through(() => sendFile(exchange, file));
}

export async function answerArtifact(exchange: Exchange, { files, transfers }: Needs): Promise<void> {
  const file = await files.artifact(exchange.params[0] ?? '');
  if (!file) throw new HttpProblem(404, 'artifact_unknown');
  await transfers.through(() => sendFile(exchange, file));
}

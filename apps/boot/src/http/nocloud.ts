// NoCloud over HTTP for images without a seed partition, and the calls home. A server is known by its reserved address.
import type { ServerId } from '@rackwright/domain/ids.ts';
import { type Exchange, HttpProblem, sendNothing, sendText } from './exchange.ts';
import type { BootHttpNeeds, PhoneCall, SeedValues } from './needs.ts';
import { readForm } from './read-body.ts';
import { type SeedDocuments, seedDocuments } from './seed-documents.ts';

type Needs = Pick<BootHttpNeeds, 'index' | 'seeds' | 'wakeUp' | 'log'>;

export async function answerNoCloud(exchange: Exchange, needs: Needs): Promise<void> {
  const document = exchange.params[0] ?? '';
  const values = await currentSeed(exchange, needs);
  // Asked for by cloud-init, and a 404 makes older ones retry for two minutes.
  if (document === 'vendor-data') return sendText(exchange, '');
  // A HEAD must not use up the one reading.
  if (document === 'user-data' && exchange.request.method !== 'HEAD') await claim(exchange, values, needs);
  sendText(exchange, seedDocuments(values, exchange.bootUrl)[document as keyof SeedDocuments]);
}

/** cloud-init's phone_home at its end, and the join program's own words. */
export async function answerPhoneHome(exchange: Exchange, needs: Needs): Promise<void> {
  const serverId = serverOf(exchange, needs);
  const form = await readForm(exchange);
  const call: PhoneCall = {
    serverId,
    instanceId: field(form, 'instance_id'),
    hostname: field(form, 'hostname'),
    outcome: outcomeOf(form.get('outcome')),
    code: field(form, 'code'),
    detail: field(form, 'detail'),
  };
  if ((await needs.seeds.phonedHome(call)) === 'stale') throw new HttpProblem(409, 'instance_is_not_current');
  needs.log({ level: call.outcome === 'failed' ? 'error' : 'info', event: 'phoned_home', ...call });
  await needs
    .wakeUp(serverId)
    .catch((cause: unknown) => needs.log({ level: 'warn', event: 'wake_up_failed', serverId, cause: String(cause) }));
  sendNothing(exchange);
}

/** It holds the bootstrap token: who comes second is either not the server or has lost its first copy, and both need a person. */
async function claim(exchange: Exchange, { serverId, instanceId }: SeedValues, { seeds, log }: Needs): Promise<void> {
  if (await seeds.claimUserData(serverId, instanceId)) return;
  log({ level: 'warn', event: 'user_data_asked_again', serverId, instanceId, peer: exchange.peer });
  throw new HttpProblem(410, 'user_data_was_read_already');
}

async function currentSeed(exchange: Exchange, needs: Needs): Promise<SeedValues> {
  const values = await needs.seeds.current(serverOf(exchange, needs));
  if (!values) throw new HttpProblem(404, 'no_seed');
  return values;
}

function serverOf({ peer }: Exchange, { index }: Pick<Needs, 'index'>): ServerId {
  const entry = index.byAddress(peer);
  if (!entry) throw new HttpProblem(404, 'no_server_has_this_address');
  return entry.subject.serverId;
}

function outcomeOf(text: string | null): PhoneCall['outcome'] {
  return text === 'failed' || text === 'kubelet_started' ? text : 'booted';
}

function field(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? '').slice(0, 500);
}

// cloud-init's first boot in a simulated server: fetch and prove Kubernetes' programs, report, call home.
import type { MachineWorld, Running } from './machine-world.ts';
import type { JoinPlan, NodePlan } from './node-plan.ts';
import type { WebAsk } from './web-client.ts';

export type FirstBoot = { plan: NodePlan; address: string; world: MachineWorld; running: Running };

const PHONE_TRIES = 20;
const ARTIFACT_TRIES = 20;

/** True when the kubelet may start. */
export async function runFirstBoot(boot: FirstBoot): Promise<boolean> {
  const { plan, running } = boot;
  const fault = plan.join ? await installPrograms(boot, plan.join) : undefined;
  if (plan.join) {
    running.say(fault ? `rackwright: FAILED ${fault.code}: ${fault.detail}` : 'rackwright: kubelet started');
    const outcome = fault ? 'failed' : 'kubelet_started';
    await post(boot, `${plan.join.bootUrl}/nocloud/phone-home`, {
      outcome,
      code: fault?.code ?? '',
      detail: fault?.detail ?? '',
    });
  }
  // cloud-init calls home at its end, whatever the programs it ran said.
  if (plan.phoneHome) await post(boot, plan.phoneHome.url, {});
  running.say('rackwright: cloud-init finished');
  return plan.join !== undefined && !fault;
}

async function installPrograms(boot: FirstBoot, join: JoinPlan): Promise<{ code: string; detail: string } | undefined> {
  for (const { name, sha256 } of join.artifacts) {
    const url = `${join.bootUrl}/artifacts/${name}`;
    const got = await checksumOf(boot, url);
    if (got === undefined) return { code: 'artifact_unreachable', detail: url };
    if (got !== sha256) return { code: 'artifact_checksum_mismatch', detail: `${name} is ${got}, wanted ${sha256}` };
  }
  return undefined;
}

async function checksumOf(boot: FirstBoot, url: string): Promise<string | undefined> {
  const { world } = boot;
  const ask = askFrom(boot, url, 'curl/8.14.1');
  return persist(boot, ARTIFACT_TRIES, async () => {
    const head = await world.web.ask({ ...ask, method: 'HEAD' });
    if (head.status !== 200) return undefined;
    if (Number(head.headers['content-length']) > world.largestArtifact) return head.headers.etag?.replaceAll('"', '');
    const whole = await world.web.digest(ask);
    return whole.status === 200 ? whole.sha256 : undefined;
  });
}

async function post(boot: FirstBoot, url: string, words: Record<string, string>): Promise<void> {
  const { plan, world, running } = boot;
  const form = { instance_id: plan.instanceId, hostname: plan.hostname, fqdn: plan.hostname, ...words };
  const body = { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(form).toString() };
  const done = await persist(boot, PHONE_TRIES, async () => {
    const { status } = await world.web.ask({ ...askFrom(boot, url, 'Cloud-Init/25.1.4'), body });
    return status < 400 || undefined;
  });
  if (!done) running.say(`cannot reach ${url}`);
}

function askFrom({ address, running }: FirstBoot, url: string, userAgent: string): WebAsk {
  return { url, from: address, userAgent, power: running.power };
}

async function persist<T>(
  { world, running }: FirstBoot,
  tries: number,
  once: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let left = tries; left > 0; left--) {
    const got = await once().catch((cause: unknown) => {
      if (running.power.aborted) throw cause;
      return undefined;
    });
    if (got !== undefined) return got;
    if (left > 1) await world.pace.pause(3_000, running.power);
  }
  return undefined;
}

// The agent's HTTP: its token in a header, its retries with growing pauses, and its giving up after ten minutes of 401.
import { minutes, seconds } from '@rackwright/domain/durations.ts';
import type { MachineWorld, Running } from './machine-world.ts';
import type { WebAnswer, WebDigest } from './web-client.ts';

/** The agent powers the machine off. */
export class PowerOff extends Error {}

export type AgentCalls = {
  /** Ends with an answer that asking again would not change: 2xx, or 4xx but for 408 and 429. */
  get(path: string, firstBytes?: number): Promise<WebAnswer>;
  head(path: string): Promise<WebAnswer>;
  post(path: string, body: unknown): Promise<WebAnswer>;
  digest(path: string): Promise<WebDigest>;
};

export type AgentSession = { url: string; token: string; from: string; world: MachineWorld; running: Running };

const LONGEST_PAUSE = seconds(15);
const UNAUTHORISED_LIMIT = minutes(10);

export function agentCalls({ url, token, from, world, running }: AgentSession): AgentCalls {
  let unauthorisedSince: number | undefined;

  async function untilAnswered<T extends { status: number }>(path: string, once: () => Promise<T>): Promise<T> {
    for (let pause = seconds(1); ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const answer = await once().catch((cause: unknown) => {
        if (running.power.aborted) throw cause;
        return undefined;
      });
      noteUnauthorised(answer?.status);
      if (answer && isFinal(answer.status)) return answer;
      running.say(`no good answer to ${path} (${answer?.status ?? 'none'})`);
      await world.pace.pause(pause, running.power);
    }
  }

  function noteUnauthorised(status: number | undefined): void {
    if (status !== 401) {
      unauthorisedSince = undefined;
      return;
    }
    unauthorisedSince ??= performance.now();
    if (performance.now() - unauthorisedSince >= world.pace.patience(UNAUTHORISED_LIMIT)) {
      throw new PowerOff('the boot ticket is unknown or expired');
    }
  }

  const ask = (path: string) => ({ url: url + path, from, userAgent: 'Wget', token, power: running.power });
  return {
    get(path, firstBytes) {
      const some = firstBytes === undefined ? {} : { firstBytes };
      return untilAnswered(path, () => world.web.ask({ ...ask(path), ...some }));
    },
    head: (path) => untilAnswered(path, () => world.web.ask({ ...ask(path), method: 'HEAD' })),
    digest: (path) => untilAnswered(path, () => world.web.digest(ask(path))),
    post(path, content) {
      const body = { type: 'application/json', text: JSON.stringify(content) };
      return untilAnswered(path, () => world.web.ask({ ...ask(path), body }));
    },
  };
}

export function isGood(status: number): boolean {
  return status >= 200 && status < 300;
}

function isFinal(status: number): boolean {
  return isGood(status) || (status >= 400 && status < 500 && status !== 408 && status !== 429);
}

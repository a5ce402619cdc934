// Requests to one BMC, one after the other: authorised, patient with a busy BMC, and each failure named a Fault.
import { Fault } from '@rackwright/domain/errors.ts';
import type { BeforeWrite } from '@rackwright/workflows/ports.ts';
import type { Authorisation } from './authorisation.ts';
import { pathOf } from './authorisation.ts';
import type { Clock } from './clock.ts';
import type { RedfishDocument } from './documents.ts';
import { asDocument, text } from './documents.ts';
import { ifMatchLadder } from './etag-ladder.ts';
import type { Deed } from './failures.ts';
import { faultFromAnswer, faultFromSilence, isBusy, retryAfter } from './failures.ts';
import { followTask } from './tasks.ts';
import type { Timings } from './timings.ts';
import type { RedfishMethod, RedfishResponse, Transport } from './transport.ts';
import { wasCutOff } from './transport.ts';

export type Resource = { path: string; document: RedfishDocument; etag: string | undefined };

/** What one operation may say to the BMC. `doing` names it in every Fault. Every method throws Fault. */
export type Conversation = {
  readonly doing: string;
  readonly clock: Clock;
  readonly timings: Timings;
  get(path: string): Promise<Resource>;
  /** Ends when the BMC agreed (a task too); whether it did so is the caller's to verify. */
  patch(resource: Resource, changes: RedfishDocument): Promise<void>;
  post(path: string, body: RedfishDocument): Promise<void>;
  delete(path: string): Promise<void>;
};

type Needs = {
  transport: Transport;
  authorisation: Authorisation;
  clock: Clock;
  timings: Timings;
  host: string;
  beforeWrite: BeforeWrite;
};
type Call = { method: RedfishMethod; path: string; body?: RedfishDocument; ifMatch?: string | undefined };

const BUSY_WAITS = [5_000, 10_000, 20_000] as const;
const MAX_RETRY_AFTER_MS = 60_000;
const MAX_REDIRECTS = 3;
const MAX_WAITING = 64;

/** Gives a conversation per operation, some with timings of their own; all of them share the one connection in turn. */
export function conversations(needs: Needs): (what: string, own?: Timings) => Conversation {
  const { clock, host } = needs;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const inTurn = <T>(doing: string, turn: () => Promise<T>): Promise<T> => {
    if (waiting >= MAX_WAITING) {
      const cause = `${MAX_WAITING} requests wait for this BMC already`;
      return Promise.reject(new Fault({ code: 'bmc_busy', doing, retry: 'soon', cause }));
    }
    waiting += 1;
    const mine = last.then(turn);
    last = mine
      .catch(() => undefined)
      .finally(() => {
        waiting -= 1;
      });
    return mine;
  };

  return (what, timings = needs.timings) => {
    const doing = `${what} on ${host} (Redfish)`;
    const call = (request: Call) =>
      inTurn(doing, () => patiently({ ...needs, timings }, request, { doing, write: request.method !== 'GET' }));

    const get = async (path: string): Promise<Resource> => {
      let at = path;
      for (let redirects = 0; ; redirects += 1) {
        const answer = await call({ method: 'GET', path: at });
        const next = answer.status >= 300 && answer.status < 400 ? pathOf(answer.headers.get('location')) : undefined;
        if (next === undefined || redirects === MAX_REDIRECTS) return resourceFrom(at, answer, doing);
        at = next;
      }
    };
    const agreed = async (answer: RedfishResponse): Promise<void> => {
      if (answer.status === 202) return followTask(answer, (path) => call({ method: 'GET', path }), { clock, timings, doing });
      if (answer.status >= 300) throw faultFromAnswer(answer, { doing, write: true });
    };

    return {
      doing,
      clock,
      timings,
      get,
      async patch(resource, changes) {
        const send = (ifMatch: string | undefined) => call({ method: 'PATCH', path: resource.path, body: changes, ifMatch });
        await agreed(await ifMatchLadder(resource.etag, send, async () => (await get(resource.path)).etag));
      },
      // Never with If-Match: iDRAC10 answers 412 to an action that carries one.
      post: async (path, body) => agreed(await call({ method: 'POST', path, body })),
      delete: async (path) => agreed(await call({ method: 'DELETE', path })),
    };
  };
}

/** One answer that is neither 401 nor busy; or the Fault that says why not. */
async function patiently(needs: Needs, request: Call, deed: Deed): Promise<RedfishResponse> {
  const { clock, timings, authorisation, beforeWrite } = needs;
  const until = clock.now() + timings.busy;
  for (let busy = 0, broken = 0, renewed = false; ; ) {
    const headers = await authorisation.headers();
    // As late as can be: a login, or a BMC that was busy for minutes, may lie between the wish and this request.
    if (deed.write) await beforeWrite();
    const answer = await once(needs, request, deed, headers).catch((error: unknown) => {
      if (error instanceof Fault) throw error;
      // iLO resets connections that it thinks are old. Actions are not repeated blindly: they may have happened.
      broken += 1;
      if (broken === 1 && request.method !== 'POST' && (wasCutOff(error) || error instanceof SyntaxError)) return undefined;
      throw faultFromSilence(error, deed);
    });
    if (answer === undefined) continue;
    if (answer.status === 401) {
      // Once per request: a token that is refused fresh from the login will not get better.
      if (renewed || !authorisation.renew()) throw authorisation.refuse(faultFromAnswer(answer, deed));
      renewed = true;
      continue;
    }
    if (!isBusy(answer)) return answer;
    const wait = Math.min(retryAfter(answer) ?? BUSY_WAITS[Math.min(busy, 2)] ?? 0, MAX_RETRY_AFTER_MS);
    if (clock.now() + wait > until) throw faultFromAnswer(answer, deed);
    busy += 1;
    await clock.wait(wait);
  }
}

async function once(
  { transport, timings }: Needs,
  request: Call,
  deed: Deed,
  headers: Record<string, string>,
): Promise<RedfishResponse> {
  const answer = await transport.send({
    method: request.method,
    path: request.path,
    headers: {
      ...headers,
      ...(request.ifMatch === undefined ? {} : { 'if-match': request.ifMatch }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    timeoutMs: timings.request,
  });
  // A document cut short is a hiccup of the BMC's web server: the same as a broken connection.
  if (!deed.write && answer.status === 200 && parse(answer.body) === undefined) throw new SyntaxError('the answer is not JSON');
  return answer;
}

function resourceFrom(path: string, answer: RedfishResponse, doing: string): Resource {
  if (answer.status !== 200) throw faultFromAnswer(answer, { doing: `${doing}, reading ${path}`, write: false });
  const document = asDocument(parse(answer.body));
  // iDRAC appends -gzip to the ETag of an answer that it compressed unasked.
  const etag = (answer.headers.get('etag') || text(document, '@odata.etag')).replace(/-gzip("?)$/, '$1');
  return { path, document, etag: etag === '' ? undefined : etag };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

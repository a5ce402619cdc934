// Our own account at the BMC: its password, and the sessions that it holds beside ours (DSP0266 §13.2; AccountService, SessionService).
import { Fault } from '@rackwright/domain/errors.ts';
import type { Conversation, Resource } from './conversation.ts';
import type { RedfishDocument } from './documents.ts';
import { link, links, text } from './documents.ts';

const MOST_ACCOUNTS = 64;
const MOST_SESSIONS = 256;

export async function changeOwnPassword(
  redfish: Conversation,
  root: RedfishDocument,
  username: string,
  password: string,
): Promise<void> {
  const account = await findAccount(redfish, root, username).catch((error: unknown) => {
    // Nothing was asked of it yet, whatever went wrong.
    if (error instanceof Fault) throw withoutWords(error, 'none', redfish.doing);
    throw error;
  });
  try {
    await redfish.patch(account, { Password: password });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw withoutWords(error, saidNo(error) ? 'none' : 'maybe', redfish.doing);
  }
}

/** Slots that nobody has carry an empty name (Dell). */
async function findAccount(redfish: Conversation, root: RedfishDocument, username: string): Promise<Resource> {
  const service = link(root, 'AccountService');
  const accounts = service === undefined ? undefined : link((await redfish.get(service)).document, 'Accounts');
  const members = accounts === undefined ? [] : links((await redfish.get(accounts)).document, 'Members');
  for (const path of members.slice(0, MOST_ACCOUNTS)) {
    const account = await redfish.get(path);
    if (text(account.document, 'UserName') === username) return account;
  }
  throw new Fault({ code: 'bmc_unsupported', doing: redfish.doing, retry: 'never', cause: 'its accounts do not show ours' });
}

/** A clear refusal of the change itself. 401 is none: the first try may have worked and ended our session. */
function saidNo({ facts }: Fault): boolean {
  const { status } = facts;
  return typeof status === 'number' && status >= 400 && status < 500 && status !== 401 && status !== 408;
}

/** BMCs repeat the value that they refuse: neither their message nor what caused it may travel on. */
function withoutWords({ code, retry, retryAfterMs, facts }: Fault, effect: 'none' | 'maybe', doing: string): Fault {
  const status = facts['status'];
  return new Fault({
    ...{ code, doing, retry, effect, facts },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(typeof status === 'number' ? { cause: `HTTP ${status}` } : {}),
  });
}

type Sessions = { path: string | undefined; own: string | undefined; username: string };

export async function endOtherSessions(redfish: Conversation, { path, own, username }: Sessions): Promise<number> {
  if (path === undefined) return 0;
  const members = links((await redfish.get(path)).document, 'Members');
  let ended = 0;
  for (const member of members.slice(0, MOST_SESSIONS)) {
    if (same(member, own)) continue;
    if (await endIfOurs(redfish, member, username)) ended += 1;
  }
  return ended;
}

async function endIfOurs(redfish: Conversation, path: string, username: string): Promise<boolean> {
  try {
    if (text((await redfish.get(path)).document, 'UserName') !== username) return false;
    await redfish.delete(path);
    return true;
  } catch (error) {
    // It ended by itself meanwhile.
    if (error instanceof Fault && error.facts['status'] === 404) return false;
    throw error;
  }
}

const same = (a: string, b: string | undefined): boolean => b !== undefined && a.replace(/\/$/, '') === b.replace(/\/$/, '');

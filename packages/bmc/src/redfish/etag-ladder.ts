// If-Match as BMCs want it: some demand it (428, 412), some compare weakly, some send tags that they do not accept themselves.
import type { RedfishResponse } from './transport.ts';

/**
 * Sends until the tag is accepted or nothing is left to try. `send` gets the If-Match value, `reread` the resource's tag of now.
 * A tag that went stale is read again once, so a change by somebody else costs one more request and not a failure.
 */
export async function ifMatchLadder(
  etag: string | undefined,
  send: (ifMatch: string | undefined) => Promise<RedfishResponse>,
  reread: () => Promise<string | undefined>,
): Promise<RedfishResponse> {
  const first = await send(etag);
  if (!isPrecondition(first)) return first;

  let answer = first;
  const fresh = await reread();
  const [again, ...others] = rungs(fresh);
  // The same tag again would be refused again.
  const left = fresh !== etag ? [again, ...others] : others;
  for (const ifMatch of left) {
    answer = await send(ifMatch);
    if (!isPrecondition(answer)) return answer;
  }
  return answer;
}

function rungs(etag: string | undefined): (string | undefined)[] {
  // AMI and DGX demand If-Match and give no tag: `*` is what they accept.
  if (etag === undefined) return [undefined, '*'];
  return etag.startsWith('W/') ? [etag, etag.slice(2), undefined] : [etag, undefined];
}

function isPrecondition({ status }: RedfishResponse): boolean {
  return status === 412 || status === 428;
}

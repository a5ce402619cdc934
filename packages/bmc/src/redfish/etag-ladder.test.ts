// If-Match against BMCs with different ideas of it, and which values we send to each.
import { describe, expect, test } from 'vitest';
import { ifMatchLadder } from './etag-ladder.ts';

/** A BMC that accepts what `accepts` says, and the If-Match values it was sent. */
async function climb(etag: string | undefined, fresh: string | undefined, accepts: (ifMatch: string | undefined) => number) {
  const sent: (string | undefined)[] = [];
  const send = async (ifMatch: string | undefined) => {
    sent.push(ifMatch);
    return { status: accepts(ifMatch), headers: new Map<string, string>(), body: '' };
  };
  const answer = await ifMatchLadder(etag, send, async () => fresh);
  return { sent, status: answer.status };
}

describe('If-Match', () => {
  test('the tag as it was read, and no more when that is accepted', async () => {
    expect(await climb('"a"', '"a"', () => 204)).toEqual({ sent: ['"a"'], status: 204 });
  });
  test('a stale tag is read again', async () => {
    expect(await climb('"a"', '"b"', (tag) => (tag === '"b"' ? 204 : 412))).toEqual({ sent: ['"a"', '"b"'], status: 204 });
  });
  test('a weak tag that only passes as a strong one', async () => {
    const accepts = (tag: string | undefined) => (tag === '"a"' ? 204 : 412);
    expect(await climb('W/"a"', 'W/"a"', accepts)).toEqual({ sent: ['W/"a"', '"a"'], status: 204 });
  });
  test('a tag that the BMC refuses from its own hand is left out', async () => {
    const accepts = (tag: string | undefined) => (tag === undefined ? 204 : 412);
    expect(await climb('W/"a"', 'W/"a"', accepts)).toEqual({ sent: ['W/"a"', '"a"', undefined], status: 204 });
  });
  test('no tag to be had, and one demanded: the star', async () => {
    const accepts = (tag: string | undefined) => (tag === '*' ? 204 : 428);
    expect(await climb(undefined, undefined, accepts)).toEqual({ sent: [undefined, '*'], status: 204 });
  });
  test('nothing helps: the refusal stands', async () => {
    expect(await climb('"a"', '"a"', () => 412)).toEqual({ sent: ['"a"', undefined], status: 412 });
  });
  test('other refusals are not the tag', async () => {
    expect(await climb('"a"', '"b"', () => 400)).toEqual({ sent: ['"a"'], status: 400 });
  });
});

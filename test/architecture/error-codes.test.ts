// Every code that the source refuses, fails or waits with stands in the catalogue, so that no caller meets one without words.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrorCode } from '@rackwright/api-contract/errors.ts';
import { WAITING_REASONS } from '@rackwright/api-contract/waiting.ts';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
// The testkit and the virtual rack are the world, not Rackwright: what they say is their own.
const OURS = /^(packages|apps)\/(?!testkit\/|virtual-rack\/)[^/]+\/src\/(?!generated\/).*(?<!\.test)\.ts$/;

function sources(): { path: string; text: string }[] {
  return ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path}`)
      .filter((path) => OURS.test(path) && !path.includes('node_modules'))
      .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
  );
}

const found = (pattern: RegExp) =>
  sources().flatMap(({ path, text }) => [...text.matchAll(pattern)].map((match) => ({ path, code: match[1] ?? '' })));

test('refusals', () => {
  const codes = found(/new Refusal\(\s*'([a-z_]+)'/g);
  expect(codes.length).toBeGreaterThan(40);
  expect(codes.filter(({ code }) => !isErrorCode(code))).toEqual([]);
});

test('faults', () => {
  const codes = found(/new Fault\(\{\s*code: '([a-z_]+)'/g);
  expect(codes.length).toBeGreaterThan(15);
  expect(codes.filter(({ code }) => !isErrorCode(code))).toEqual([]);
});

test('reasons to wait', () => {
  const codes = [
    ...found(/new NotYet\(\s*'([a-z_]+)'/g),
    ...found(/new Postponed\(\{\s*code: '([a-z_]+)'/g),
    ...found(/waitingFor: \{\s*code: '([a-z_]+)'/g),
  ];
  expect(codes.map(({ code }) => code)).toContain('power_budget');
  expect(codes.length).toBeGreaterThan(8);
  expect(codes.filter(({ code }) => !Object.hasOwn(WAITING_REASONS, code) && !isErrorCode(code))).toEqual([]);
});

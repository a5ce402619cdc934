// The catalogue's promises.
import { expect, test } from 'vitest';
import { ERROR_GROUPS, ERRORS, errorEntry, problemType, sayDetail } from './errors.ts';

test('no code stands in two groups', () => {
  const codes = Object.values(ERROR_GROUPS).flatMap((group) => Object.keys(group));
  expect(codes.length).toBe(new Set(codes).size);
  expect(new Set(codes)).toEqual(new Set(Object.keys(ERRORS)));
});

test('every entry is whole sentences with a fitting status', () => {
  for (const [code, entry] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(entry.status, code).toBeGreaterThanOrEqual(400);
    expect(entry.title, code).toMatch(/^[A-Z].*[^.]$/);
    expect(entry.detail, code).toMatch(/^[A-Z{].*\.$/);
    expect(entry.toDo, code).toMatch(/^[A-Z].*\.$/);
  }
});

test('a detail names this occurrence', () => {
  const facts = { serial: '7XK2LM3', known: 'TPE1-R12-S08' };
  expect(sayDetail('serial_already_known', facts)).toBe('Serial 7XK2LM3 belongs to TPE1-R12-S08.');
});

test('a detail whose facts are not told has no holes', () => {
  expect(sayDetail('serial_already_known', { serial: 'X' })).toBe('The serial number is already on file: serial X.');
  expect(sayDetail('serial_already_known', {})).toBe('The serial number is already on file.');
});

test('a code that the catalogue lacks is a fault of ours', () => {
  expect(errorEntry('constructor').status).toBe(500);
});

test('the problem type is the code in kebab case', () => {
  expect(problemType('rack_position_occupied')).toBe('/problems/rack-position-occupied');
});

// Statements that are repeated get a name, one each; what is sent once gets none, however much of it there is.
import { expect, test } from 'vitest';
import { statementNames } from './statement-names.ts';

test('a name from the second time on, and always the same', () => {
  const nameOf = statementNames();
  expect(nameOf('select 1')).toBeUndefined();
  const name = nameOf('select 1');
  expect(name).toBeDefined();
  expect(nameOf('select 1')).toBe(name);
  nameOf('select 2');
  expect(nameOf('select 2')).not.toBe(name);
});

test('texts that nobody repeats use up no names, and names are bounded', () => {
  const nameOf = statementNames();
  for (let n = 0; n < 10_000; n++) nameOf(`select ${n}`);
  nameOf('often');
  expect(nameOf('often')).toBeDefined();
  for (let n = 0; n < 10_000; n++) for (let twice = 0; twice < 2; twice++) nameOf(`twice ${n}`);
  expect(nameOf('twice 9999')).toBeUndefined();
  expect(nameOf('often')).toBeDefined();
});

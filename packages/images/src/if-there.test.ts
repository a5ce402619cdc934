// Absence is an answer; anything else is trouble.
import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ifThere } from './if-there.ts';

test('what is not there is undefined, below a file as well', async () => {
  expect(await ifThere(stat('/no/such/file'))).toBeUndefined();
  expect(await ifThere(stat(`${import.meta.filename}/below`))).toBeUndefined();
});

test('what cannot be looked at is no absence', async () => {
  await expect(ifThere(stat(`/${'x'.repeat(300)}`))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
});

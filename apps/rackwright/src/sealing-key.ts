// The key that seals secrets: 32 bytes in a file that only we read, made at the first start.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refusal } from '@rackwright/domain/errors.ts';
import { makeKeyring, type Keyring } from '@rackwright/store/secrets/keyring.ts';

const KEY_BYTES = 32;

/** @param mayMake  where the database is ours alone; with a shared one a key made here would be wrong everywhere else */
export async function readSealingKey(file: string, mayMake: boolean): Promise<Keyring> {
  const bytes = await readFile(file).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' || !mayMake)
      throw new Refusal('invalid_configuration', {
        variable: 'RACKWRIGHT_SEALING_KEY_FILE',
        shouldBe: `a file of ${KEY_BYTES} random bytes; ${file} cannot be read`,
      });
    return makeKeyFile(file);
  });
  if (bytes.length !== KEY_BYTES)
    throw new Refusal('invalid_configuration', {
      variable: 'RACKWRIGHT_SEALING_KEY_FILE',
      shouldBe: `exactly ${KEY_BYTES} bytes; ${file} has ${bytes.length}`,
    });
  return makeKeyring({ id: 'k1', bytes });
}

async function makeKeyFile(file: string): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true });
  const key = randomBytes(KEY_BYTES);
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(key);
    // Secrets sealed with a key that a power cut takes away are lost for good.
    await handle.sync();
  } finally {
    await handle.close();
  }
  return key;
}

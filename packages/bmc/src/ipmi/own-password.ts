// The password of our own user by IPMI (§22.29, §22.30).
import { COMPLETION } from '@rackwright/protocols/ipmi/constants.ts';
import { getUserName } from '@rackwright/protocols/ipmi/get-user-name.ts';
import { setUserPassword } from '@rackwright/protocols/ipmi/set-user-password.ts';
import { refusedCommand, unsupported } from './faults.ts';
import type { IpmiLine } from './line.ts';
import { userKey } from './rakp.ts';

/** Six bits; the first id is the anonymous user. */
const LAST_USER = 63;

export async function changeOwnPassword(line: IpmiLine, username: string, password: string): Promise<void> {
  const doing = `change the password on ${line.name}`;
  const bytes = userKey(password);
  if (!bytes) throw unsupported(doing, 'IPMI passwords have at most 20 bytes');
  const userId = await findUser(line, doing, username);
  await line.need(doing, setUserPassword, { userId, password: bytes });
}

async function findUser(line: IpmiLine, doing: string, username: string): Promise<number> {
  for (let userId = 1; userId <= LAST_USER; userId += 1) {
    const told = await line.ask(doing, getUserName, { userId });
    if (told.ok && told.value.username === username) return userId;
    // Empty slots are refused by some; beyond the last every id is an invalid field.
    if (!told.ok && told.completion === COMPLETION.insufficientPrivilege)
      throw refusedCommand(doing, getUserName.name, told.completion);
    if (!told.ok && told.completion === COMPLETION.invalidField && userId > 16) break;
  }
  throw unsupported(doing, 'none of its users is ours');
}

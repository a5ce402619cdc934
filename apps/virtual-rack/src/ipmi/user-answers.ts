// The users of the simulated BMC (IPMI 2.0 chapter 22): the first is anonymous and empty, the second is its account.
import { COMPLETION, PRIVILEGE } from '@rackwright/protocols/ipmi/constants.ts';
import { getUserName } from '@rackwright/protocols/ipmi/get-user-name.ts';
import { setUserPassword } from '@rackwright/protocols/ipmi/set-user-password.ts';
import { type Handler, handler, refuse } from './handler.ts';

const OUR_USER = 2;
const MOST_USERS = 10;

export const USER_ANSWERS: Handler[] = [
  handler(
    getUserName,
    ({ userId }, { account }) => {
      if (userId < 1 || userId > MOST_USERS) return refuse(COMPLETION.invalidField);
      return { username: userId === OUR_USER ? account.username : '' };
    },
    PRIVILEGE.operator,
  ),
  handler(
    setUserPassword,
    ({ userId, password }, { account }) => {
      if (userId !== OUR_USER) return refuse(COMPLETION.invalidField);
      const end = password.indexOf(0);
      const text = new TextDecoder().decode(password.subarray(0, end < 0 ? password.length : end));
      if (!account.acceptable(text)) return refuse(COMPLETION.invalidField);
      account.setPassword(text);
      return {};
    },
    PRIVILEGE.administrator,
  ),
];

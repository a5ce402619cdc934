// The account service of the simulated BMC: one account, whose password may be written and is never shown.
import type { BmcAccount } from '../bmc-account.ts';
import type { RedfishJson } from './answers.ts';
import { ROOT } from './bmc-documents.ts';

export const ACCOUNT_SERVICE = `${ROOT}/AccountService`;
export const ACCOUNTS = `${ACCOUNT_SERVICE}/Accounts`;
export const ACCOUNT = `${ACCOUNTS}/1`;

export function accountServiceDocument(): RedfishJson {
  return {
    '@odata.type': '#AccountService.v1_13_0.AccountService',
    '@odata.id': ACCOUNT_SERVICE,
    Id: 'AccountService',
    Name: 'Account Service',
    ServiceEnabled: true,
    MinPasswordLength: 8,
    MaxPasswordLength: 20,
    Accounts: { '@odata.id': ACCOUNTS },
  };
}

export function accountDocument(account: BmcAccount): RedfishJson {
  return {
    '@odata.type': '#ManagerAccount.v1_10_0.ManagerAccount',
    '@odata.id': ACCOUNT,
    Id: '1',
    Name: 'User Account',
    UserName: account.username,
    // DSP0266: null in every answer.
    Password: null,
    RoleId: 'Administrator',
    Enabled: true,
    Locked: account.locked(),
  };
}

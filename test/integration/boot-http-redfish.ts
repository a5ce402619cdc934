// One Redfish reset by plain HTTP, as curl would do it.
import type { BmcCredentials } from '@rackwright/domain/bmc.ts';

export async function redfishOnce(url: string, { username, password }: BmcCredentials, resetType: string): Promise<void> {
  const headers = {
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    'content-type': 'application/json',
  };
  const systems = (await (await fetch(`${url}/redfish/v1/Systems`, { headers })).json()) as {
    Members: { '@odata.id': string }[];
  };
  const system = systems.Members[0]?.['@odata.id'] ?? '';
  const answer = await fetch(`${url}${system}/Actions/ComputerSystem.Reset`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ResetType: resetType }),
  });
  if (!answer.ok) throw new Error(`${resetType}: HTTP ${answer.status} ${await answer.text()}`);
}

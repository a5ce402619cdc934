// Writes docs/openapi.json from the routes of the API.
import { buildApi } from '@rackwright/api-app/build-api.ts';
import type { ApiNeeds } from '@rackwright/api-app/needs.ts';

export async function openapiDocument(): Promise<string> {
  const api = await buildApi(nobody(), { authentication: { kind: 'tokens', tokens: [] }, secret: new Uint8Array(32) });
  try {
    return `${JSON.stringify(api.swagger(), null, 2)}\n`;
  } finally {
    await api.close();
  }
}

/** The routes are described, never called: of what they need only the stream of events is looked at, and it is empty. */
function nobody(): ApiNeeds {
  const events = {
    position: async () => ({ epoch: '0', last: 0, prunedThrough: 0 }),
    after: async () => [],
    onNew: () => () => {},
  };
  return { events, inventory: {} } as unknown as ApiNeeds;
}

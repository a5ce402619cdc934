// A BMC that turns out to be another machine's is let go before anything is asked of it.
import { simulatedWorld } from '@rackwright/testkit/world/simulated-world.ts';
import { fakeBmc } from '@rackwright/testkit/world/fake-bmc.ts';
import { expect, test } from 'vitest';
import { ownBmc } from './own-bmc.ts';

function opener(onFile: string | null, seen: string) {
  const { world } = simulatedWorld({ bmcSerial: seen, power: 'on' });
  let closed = 0;
  const endpoint = { protocol: 'redfish', address: 'https://10.0.0.1' } as const;
  const open = ownBmc(
    async () => ({ endpoint, credentials: { username: 'u', password: 'p' }, serial: onFile }),
    async () => ({
      ...fakeBmc(world),
      async close() {
        closed += 1;
      },
    }),
  );
  return { open: () => open('srv_1', async () => {}), closed: () => closed };
}

test('the serial on file, or a BMC that knows none, opens', async () => {
  for (const seen of ['SN-1', '']) {
    const { open, closed } = opener('SN-1', seen);
    expect(await (await open()).power()).toBe('on');
    expect(closed()).toBe(0);
  }
});

test('another serial is refused by name, and its session given back', async () => {
  const { open, closed } = opener('SN-1', 'SN-2');
  await expect(open()).rejects.toMatchObject({ code: 'serial_mismatch', facts: { onFile: 'SN-1', seen: 'SN-2' } });
  expect(closed()).toBe(1);
});

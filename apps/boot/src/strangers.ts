// Gathers the unknown MACs that DHCP hears of and writes them down in batches: a flood of strangers is one statement a second.
import { seconds } from '@rackwright/domain/durations.ts';
import type { NetworkId } from '@rackwright/domain/ids.ts';
import type { Sighting } from '@rackwright/store/boot/dhcp-leases.ts';

const MOST_WAITING = 1_000;

export type Sightings = {
  saw(event: { mac: string; networkId: string; architecture: string; stage: string }): void;
  close(): void;
};

export function noteStrangers(
  save: (sightings: readonly Sighting[]) => Promise<void>,
  onFault: (cause: unknown) => void,
): Sightings {
  const waiting = new Map<string, Sighting>();
  const timer = setInterval(() => {
    if (waiting.size === 0) return;
    const batch = [...waiting.values()];
    waiting.clear();
    save(batch).catch(onFault);
  }, seconds(1));
  timer.unref();
  return {
    saw({ mac, networkId, architecture, stage }) {
      // Above the bound the newcomer is dropped: it asks again within seconds.
      if (waiting.size < MOST_WAITING)
        waiting.set(mac, { mac, networkId: networkId as NetworkId, architecture, vendorClass: stage });
    },
    close: () => clearInterval(timer),
  };
}

// One provisioning network as the boot app serves it: who answers addresses there, which ones, and where our files are.
import type { BootArchitecture, BootPolicy } from '@rackwright/domain/boot-decision/decide-boot.ts';

/**
 * `authoritative`: we are the DHCP server; reserved addresses only. `pool`: that, and strangers get an address from the pool.
 * `proxy`: another server gives the addresses, we add the boot instructions. `off`: we are silent.
 */
export type DhcpMode = 'authoritative' | 'pool' | 'proxy' | 'off';

export type BootNetwork = {
  networkId: string;
  mode: DhcpMode;
  /** `10.77.0.0/24`. */
  subnet: string;
  /** Ours on this network: DHCP's server identifier and TFTP's address. Behind relays, one they can reach. */
  serverAddress: string;
  router?: string;
  dnsServers: readonly string[];
  domain?: string;
  ntpServers: readonly string[];
  /** First and last address, both included; mode `pool` only. */
  pool?: { first: string; last: string };
  leaseSeconds: number;
  /** What to do with servers that are not in the index. In mode `authoritative` they have no address, so they are ignored anyway. */
  unknownServers: BootPolicy['unknownServers'];
  /** Without a closing slash: `http://10.77.0.1:8081`. Never holds a secret: it is broadcast. */
  bootUrl: string;
  /** Boot loader by architecture, as TFTP and HTTP name it. Architectures that are missing are not booted. */
  bootFiles: Partial<Record<BootArchitecture, string>>;
};

export const DEFAULT_BOOT_FILES: BootNetwork['bootFiles'] = { bios_x86: 'undionly.kpxe', uefi_x64: 'ipxe.efi' };

export function bootPolicy(network: BootNetwork): BootPolicy {
  return {
    unknownServers: network.mode === 'authoritative' ? 'ignore' : network.unknownServers,
    architectures: Object.keys(network.bootFiles) as BootArchitecture[],
  };
}

// Which stage of which machine's boot a DHCP packet comes from: by option 93, 77 and 175, never by the digits in option 60.
import type { BootArchitecture, BootStage } from '@rackwright/domain/boot-decision/decide-boot.ts';
import type { DhcpRequest } from '@rackwright/protocols/dhcp/read-request.ts';

export type BootClient = { stage: BootStage; architecture: BootArchitecture };

/** IANA, "Processor Architecture Types" (RFC 5970 section 3.3); `http` marks the numbers that mean UEFI HTTP Boot. */
const ARCHITECTURES: Readonly<Record<number, { architecture: BootArchitecture; http?: true }>> = {
  0: { architecture: 'bios_x86' },
  7: { architecture: 'uefi_x64' },
  // RFC 4578 had 7 and 9 the other way round from what firmware came to send; 9 is still met.
  9: { architecture: 'uefi_x64' },
  11: { architecture: 'uefi_arm64' },
  15: { architecture: 'other', http: true },
  16: { architecture: 'uefi_x64', http: true },
  18: { architecture: 'other', http: true },
  19: { architecture: 'uefi_arm64', http: true },
  20: { architecture: 'bios_x86', http: true },
};

/** The vendor class our install agent's DHCP client sends. */
const AGENT_CLASS = 'rackwright-agent';

export function classifyClient(request: DhcpRequest): BootClient {
  const { architecture: number, vendorClass = '' } = request;
  const known = number === undefined ? undefined : ARCHITECTURES[number];
  if (request.ipxe !== undefined || request.userClasses.includes('iPXE')) {
    return { stage: 'ipxe', architecture: known?.architecture ?? architectureOf(number) };
  }
  if (vendorClass.startsWith('HTTPClient') || (known?.http && !vendorClass.startsWith('PXEClient'))) {
    return { stage: 'firmware_http', architecture: known?.architecture ?? architectureOf(number) };
  }
  if (number !== undefined || vendorClass.startsWith('PXEClient')) {
    return { stage: 'firmware_pxe', architecture: known?.architecture ?? architectureOf(number) };
  }
  return { stage: vendorClass === AGENT_CLASS ? 'agent' : 'os', architecture: 'other' };
}

/** PXE without option 93 is older than UEFI. */
function architectureOf(number: number | undefined): BootArchitecture {
  return number === undefined ? 'bios_x86' : 'other';
}

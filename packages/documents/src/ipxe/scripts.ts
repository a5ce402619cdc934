// The scripts that our iPXE is given: run the agent, start the disk, or say who you are.

export type Firmware = 'bios' | 'uefi';

export type AgentScript = {
  /** Where the boot app answers, as the server reaches it: `http://10.77.0.1:8081`, without a slash at the end. */
  bootUrl: string;
  /** Good for one boot ticket. It travels in the script's text, never in a URL. */
  token: string;
  /** For whoever watches the console: the server's name and why it runs the agent. */
  serverName: string;
  reason: string;
  /** More words for the kernel's command line, such as a serial console. */
  kernelArguments?: readonly string[];
};

/** What iPXE knows of its machine, for `identifyScript` and for option 67. */
export const IDENTITY_QUERY = 'mac=${netX/mac}&uuid=${uuid}&serial=${serial:uristring}&platform=${platform}&arch=${buildarch}';

/** Kernel, ramdisk, token. Every failure ends in asking again: by then the decision may be another one. */
export function agentScript({ bootUrl, token, serverName, reason, kernelArguments = [] }: AgentScript): string {
  const words = [
    // An EFI stub kernel finds its ramdisk by this name only.
    'initrd=agent.img',
    `rackwright.url=${bootUrl}`,
    `rackwright.token=${token}`,
    'BOOTIF=01-${netX/mac:hexhyp}',
    ...kernelArguments,
  ];
  return lines([
    '#!ipxe',
    `echo Rackwright: ${consoleText(serverName)} runs the install agent (${consoleText(reason)})`,
    'imgfree',
    `kernel --name agent.kernel ${bootUrl}/boot/agent.kernel ${words.join(' ')} || goto failed`,
    `initrd --name agent.img ${bootUrl}/boot/agent.img || goto failed`,
    'boot agent.kernel || goto failed',
    ...askAgain(bootUrl, ':failed', 5),
  ]);
}

/** Leave the network and start what is installed. */
export function diskScript({ firmware, serverName, reason }: { firmware: Firmware; serverName: string; reason: string }): string {
  return lines([
    '#!ipxe',
    `echo Rackwright: ${consoleText(serverName)} starts its disk (${consoleText(reason)})`,
    ...startDisk(firmware),
  ]);
}

/** Nothing of ours may run here: the same way out as for a disk, with the reason on the console. */
export function leaveScript({ firmware, reason }: { firmware: Firmware; reason: string }): string {
  return lines(['#!ipxe', `echo Rackwright: nothing to boot (${consoleText(reason)})`, ...startDisk(firmware)]);
}

/** For an iPXE that came without saying who it is (`autoexec.ipxe`, a plain option 67): it asks again with its identity. */
export function identifyScript(bootUrl: string): string {
  return lines([
    '#!ipxe',
    ':ask',
    // autoexec.ipxe runs before iPXE has asked for an address.
    'isset ${netX/ip} || dhcp || goto wait',
    `chain --replace --autofree ${bootUrl}/boot/script.ipxe?${IDENTITY_QUERY} || goto wait`,
    ':wait',
    'echo Rackwright: asking again in 5 s',
    'sleep 5',
    'goto ask',
  ]);
}

/** The boot app is busy or starting: wait, then ask again. */
export function waitScript({ bootUrl, seconds, reason }: { bootUrl: string; seconds: number; reason: string }): string {
  return lines(['#!ipxe', `echo Rackwright: ${consoleText(reason)}`, ...askAgain(bootUrl, ':again', seconds)]);
}

/** A loop without end: the boot app may be away for longer than any count, and the server's power is in the operator's hand. */
function askAgain(bootUrl: string, label: string, seconds: number): string[] {
  return [
    label,
    `echo Rackwright: asking again in ${seconds} s`,
    'imgfree',
    `sleep ${seconds}`,
    `chain --replace --autofree ${bootUrl}/boot/script.ipxe?${IDENTITY_QUERY} || goto ${label.slice(1)}`,
  ];
}

function startDisk(firmware: Firmware): string[] {
  // UEFI's boot manager goes on to its next entry only when iPXE leaves with an error (UEFI 2.10 section 3.1.1): OVMF after a plain
  // `exit` stands in its setup menu. A BIOS often stops where PXE ends, so its disk is started by us.
  return firmware === 'uefi' ? ['exit 1'] : ['sanboot --no-describe --drive 0x80 || exit'];
}

/** Names come from people: a line break or `${` would be iPXE code. */
function consoleText(text: string): string {
  return text.replace(/[^A-Za-z0-9 ._,;:()/+-]/g, '?').slice(0, 120);
}

function lines(text: readonly string[]): string {
  return `${text.join('\n')}\n`;
}

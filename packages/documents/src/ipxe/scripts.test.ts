// The scripts, written out in full: a server's console shows these very lines.
import { expect, test } from 'vitest';
import { agentScript, diskScript, identifyScript, leaveScript, waitScript } from './scripts.ts';

const bootUrl = 'http://10.77.0.1:8081';

test('the agent: kernel, ramdisk, token; every failure asks again', () => {
  expect(
    agentScript({
      bootUrl,
      token: 't0ken',
      serverName: 'r1-u05',
      reason: 'a boot ticket is open for this server',
      kernelArguments: ['console=ttyS0,115200'],
    }),
  ).toBe(`#!ipxe
echo Rackwright: r1-u05 runs the install agent (a boot ticket is open for this server)
imgfree
kernel --name agent.kernel http://10.77.0.1:8081/boot/agent.kernel initrd=agent.img rackwright.url=http://10.77.0.1:8081 rackwright.token=t0ken BOOTIF=01-\${netX/mac:hexhyp} console=ttyS0,115200 || goto failed
initrd --name agent.img http://10.77.0.1:8081/boot/agent.img || goto failed
boot agent.kernel || goto failed
:failed
echo Rackwright: asking again in 5 s
imgfree
sleep 5
chain --replace --autofree http://10.77.0.1:8081/boot/script.ipxe?mac=\${netX/mac}&uuid=\${uuid}&serial=\${serial:uristring}&platform=\${platform}&arch=\${buildarch} || goto failed
`);
});

test('UEFI leaves with an error, so that the firmware goes on to its disk', () => {
  expect(diskScript({ firmware: 'uefi', serverName: 'r1-u05', reason: 'its system is installed on its disk' })).toBe(`#!ipxe
echo Rackwright: r1-u05 starts its disk (its system is installed on its disk)
exit 1
`);
});

test('a BIOS has its first disk started', () => {
  expect(diskScript({ firmware: 'bios', serverName: 'r1-u05', reason: 'installed' })).toBe(`#!ipxe
echo Rackwright: r1-u05 starts its disk (installed)
sanboot --no-describe --drive 0x80 || exit
`);
});

test('nothing to boot says why', () => {
  expect(leaveScript({ firmware: 'bios', reason: 'unknown server' })).toBe(`#!ipxe
echo Rackwright: nothing to boot (unknown server)
sanboot --no-describe --drive 0x80 || exit
`);
});

test('an iPXE without identity is told to give it', () => {
  expect(identifyScript(bootUrl)).toBe(`#!ipxe
:ask
isset \${netX/ip} || dhcp || goto wait
chain --replace --autofree http://10.77.0.1:8081/boot/script.ipxe?mac=\${netX/mac}&uuid=\${uuid}&serial=\${serial:uristring}&platform=\${platform}&arch=\${buildarch} || goto wait
:wait
echo Rackwright: asking again in 5 s
sleep 5
goto ask
`);
});

test('waiting is a loop', () => {
  expect(waitScript({ bootUrl, seconds: 15, reason: 'starting' })).toBe(`#!ipxe
echo Rackwright: starting
:again
echo Rackwright: asking again in 15 s
imgfree
sleep 15
chain --replace --autofree http://10.77.0.1:8081/boot/script.ipxe?mac=\${netX/mac}&uuid=\${uuid}&serial=\${serial:uristring}&platform=\${platform}&arch=\${buildarch} || goto again
`);
});

test('a name cannot smuggle in a command or a setting', () => {
  const script = diskScript({ firmware: 'uefi', serverName: 'x\nshell ${net0/mac} || reboot', reason: 'r' });
  expect(script.split('\n')[1]).toBe('echo Rackwright: x?shell ??net0/mac? ?? reboot starts its disk (r)');
});

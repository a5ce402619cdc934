// The simulated iPXE obeys the scripts we write as the real one does.
import { agentScript, diskScript, identifyScript, waitScript } from '@rackwright/documents/ipxe/scripts.ts';
import { expect, test } from 'vitest';
import { type IpxeHost, runIpxe } from './ipxe-interpreter.ts';

const bootUrl = 'http://boot';
const ASKED = 'http://boot/boot/script.ipxe?mac=02:00:00:00:00:01&uuid=u&serial=A%2FB&platform=efi&arch=x86_64';

function host(answers: Record<string, string | true | undefined>, tries: string[] = []): IpxeHost & { said: string[] } {
  const said: string[] = [];
  return {
    said,
    settings: new Map([
      ['netX/mac', '02:00:00:00:00:01'],
      ['uuid', 'u'],
      ['serial', 'A/B'],
      ['platform', 'efi'],
      ['buildarch', 'x86_64'],
    ]),
    async fetchScript(url) {
      tries.push(url);
      const answer = answers[url];
      return typeof answer === 'string' ? answer : undefined;
    },
    async fetchImage(url) {
      tries.push(url);
      return answers[url] === true;
    },
    async dhcp() {
      tries.push('dhcp');
      return true;
    },
    async sleep(seconds) {
      tries.push(`sleep ${seconds}`);
    },
    say: (text) => said.push(text),
  };
}
const images = { 'http://boot/boot/agent.kernel': true, 'http://boot/boot/agent.img': true } as const;
const agent = agentScript({ bootUrl, token: 't', serverName: 'n', reason: 'r' });

test('the agent script starts the kernel with its command line', async () => {
  expect(await runIpxe(agent, host(images))).toEqual({
    kind: 'kernel',
    commandLine: 'initrd=agent.img rackwright.url=http://boot rackwright.token=t BOOTIF=01-02-00-00-00-00-01',
  });
});

test('without a ramdisk it waits and asks again, and does what it is then told', async () => {
  const tries: string[] = [];
  const disk = diskScript({ firmware: 'uefi', serverName: 'n', reason: 'r' });
  const outcome = await runIpxe(agent, host({ 'http://boot/boot/agent.kernel': true, [ASKED]: disk }, tries));
  expect(outcome).toEqual({ kind: 'exit', status: 1 });
  expect(tries).toEqual(['http://boot/boot/agent.kernel', 'http://boot/boot/agent.img', 'sleep 5', ASKED]);
});

test('it identifies itself, asking for an address first', async () => {
  const tries: string[] = [];
  expect(await runIpxe(identifyScript(bootUrl), host({ ...images, [ASKED]: agent }, tries))).toMatchObject({ kind: 'kernel' });
  expect(tries.slice(0, 2)).toEqual(['dhcp', ASKED]);
});

test('a BIOS script starts the disk', async () => {
  const bios = diskScript({ firmware: 'bios', serverName: 'n', reason: 'r' });
  expect(await runIpxe(bios, host({}))).toEqual({ kind: 'disk' });
});

test('a loop that nobody ends is ended', async () => {
  const waiting = waitScript({ bootUrl, seconds: 1, reason: 'r' });
  expect(await runIpxe(waiting, host({}))).toEqual({ kind: 'failed', why: 'the script runs in circles' });
});

test.each([
  ['#!ipxe\necho one\nfalse\necho two\n', ['one'], { kind: 'failed', why: 'false' }],
  ['#!ipxe\nset a b c\necho ${a}\niseq ${platform} efi && echo yes || echo no\n', ['b c', 'yes'], { kind: 'exit', status: 0 }],
  ['#!ipxe\nisset ${nothing} || echo empty\nexit 3\n', ['empty'], { kind: 'exit', status: 3 }],
  ['#!ipxe\ngoto nowhere\n', [], { kind: 'failed', why: 'no label nowhere' }],
  ['#!ipxe\nboot || poweroff\n', [], { kind: 'poweroff' }],
  ['<html>', [], { kind: 'failed', why: 'not a script: it does not begin with #!ipxe' }],
])('%j', async (script, said, outcome) => {
  const machine = host({});
  expect(await runIpxe(script, machine)).toEqual(outcome);
  expect(machine.said).toEqual(said);
});

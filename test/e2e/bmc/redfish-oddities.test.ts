// What single BMCs were seen to do, played by a scripted server: our driver copes, or says plainly that it cannot.
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@rackwright/bmc/redfish/clock.ts';
import { connectRedfish } from '@rackwright/bmc/redfish/connect-redfish.ts';
import type { Bmc } from '@rackwright/workflows/ports.ts';
import { afterEach, describe, expect, test } from 'vitest';

type Json = Record<string, unknown>;
type Asked = { method: string; path: string; headers: IncomingMessage['headers']; body: string };
type Reply = { status: number; headers?: Record<string, string>; body?: Json | string };
type Script = Record<string, (asked: Asked) => Reply>;

const SYSTEM = '/redfish/v1/Systems/1';
const RESET = `${SYSTEM}/Actions/ComputerSystem.Reset`;
const SESSIONS = '/redfish/v1/SessionService/Sessions';

type ScriptedBmc = {
  power: string;
  root: Json;
  system: Json;
  /** Overrules everything else, keyed by `METHOD path`. */
  script: Script;
  log: Asked[];
  answer(asked: Asked): Reply;
  asked(method: string, path: string): Asked[];
};

/** A small BMC that can be switched on and off. */
function scriptedBmc(): ScriptedBmc {
  const reset = { target: RESET, 'ResetType@Redfish.AllowableValues': ['On', 'ForceOff'] };
  const bmc: ScriptedBmc = {
    power: 'Off',
    root: { Systems: { '@odata.id': '/redfish/v1/Systems' }, Links: { Sessions: { '@odata.id': SESSIONS } } },
    system: { Actions: { '#ComputerSystem.Reset': reset } },
    script: {},
    log: [],
    answer(asked) {
      bmc.log.push(asked);
      const request = `${asked.method} ${asked.path}`;
      return bmc.script[request]?.(asked) ?? usualReply(request, asked);
    },
    asked: (method, path) => bmc.log.filter((each) => each.method === method && each.path === path),
  };
  const usualReply = (request: string, { body }: Asked): Reply => {
    switch (request) {
      case 'GET /redfish/v1/':
        return { status: 200, body: bmc.root };
      case `POST ${SESSIONS}`:
        return { status: 201, headers: { 'x-auth-token': 'secret', location: `https://bmc.invalid${SESSIONS}/7` } };
      case 'GET /redfish/v1/Systems':
        return { status: 200, body: { Members: [{ '@odata.id': SYSTEM }] } };
      case `GET ${SYSTEM}`:
        return { status: 200, body: { ...bmc.system, PowerState: bmc.power } };
      case `POST ${RESET}`:
        bmc.power = JSON.parse(body).ResetType === 'On' ? 'On' : 'Off';
        return { status: 204 };
      case `DELETE ${SESSIONS}/7`:
        return { status: 204 };
      default:
        return { status: 404 };
    }
  };
  return bmc;
}

let close: () => Promise<void> = async () => {};
afterEach(() => close());

async function connect(bmc: ScriptedBmc): Promise<Bmc> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const reply = bmc.answer({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return connectRedfish({ protocol: 'redfish', address }, { username: 'u', password: 'p' }, { clock: hastyClock() });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function hastyClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    wait: async (ms) => {
      now += ms;
    },
  };
}

describe('sessions', () => {
  test('a Location with a host name that only the BMC knows', async () => {
    const bmc = scriptedBmc();
    await (await connect(bmc)).close();
    expect(bmc.asked('DELETE', `${SESSIONS}/7`)).toHaveLength(1);
  });

  test('no Location at all (Cisco CIMC): the body names the session', async () => {
    const bmc = scriptedBmc();
    const reply = { status: 201, headers: { 'x-auth-token': 't' }, body: { '@odata.id': `${SESSIONS}/9` } };
    bmc.script[`POST ${SESSIONS}`] = () => reply;
    await (await connect(bmc)).close();
    expect(bmc.asked('DELETE', `${SESSIONS}/9`)).toHaveLength(1);
  });

  test('the login carries no Authorization, the rest only the token; identity encoding and OData always', async () => {
    const bmc = scriptedBmc();
    await (await connect(bmc)).power();
    expect(bmc.log.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect(bmc.log.every(({ headers }) => headers['accept-encoding'] === 'identity' && headers['odata-version'] === '4.0')).toBe(
      true,
    );
    expect(bmc.asked('GET', SYSTEM).every(({ headers }) => headers['x-auth-token'] === 'secret')).toBe(true);
  });

  test('a root that wants a login: sessions are at the usual place', async () => {
    const bmc = scriptedBmc();
    bmc.script['GET /redfish/v1/'] = ({ headers }) =>
      headers['x-auth-token'] === 'secret' ? { status: 200, body: bmc.root } : { status: 401 };
    expect(await (await connect(bmc)).power()).toBe('off');
  });

  test('403 on everything: the password must be changed, and no further attempt is made', async () => {
    const bmc = scriptedBmc();
    const info = { '@Message.ExtendedInfo': [{ MessageId: 'Base.1.8.PasswordChangeRequired', Message: 'Change it.' }] };
    bmc.script['GET /redfish/v1/Systems'] = () => ({ status: 403, body: { error: info } });
    await expect(connect(bmc)).rejects.toMatchObject({
      code: 'bmc_auth_failed',
      retry: 'never',
      facts: { messageId: 'PasswordChangeRequired' },
    });
    expect(bmc.asked('GET', '/redfish/v1/Systems')).toHaveLength(1);
    expect(bmc.asked('DELETE', `${SESSIONS}/7`)).toHaveLength(1);
  });
});

describe('reading', () => {
  test('a document cut short once is read again; cut short for ever is an error of the BMC', async () => {
    const bmc = scriptedBmc();
    const driver = await connect(bmc);
    let cuts = 1;
    bmc.script[`GET ${SYSTEM}`] = () => ({ status: 200, body: cuts-- > 0 ? '{"PowerState": "O' : { PowerState: 'On' } });
    expect(await driver.power()).toBe('on');
    cuts = 100;
    await expect(driver.power()).rejects.toMatchObject({ code: 'bmc_protocol_error', retry: 'soon' });
  });

  test('a redirect to another spelling is followed; one in a circle is not followed for ever', async () => {
    const bmc = scriptedBmc();
    const driver = await connect(bmc);
    bmc.script[`GET ${SYSTEM}`] = () => ({ status: 308, headers: { location: `${SYSTEM}/` } });
    bmc.script[`GET ${SYSTEM}/`] = () => ({ status: 200, body: { PowerState: 'On' } });
    expect(await driver.power()).toBe('on');
    bmc.script[`GET ${SYSTEM}/`] = () => ({ status: 308, headers: { location: SYSTEM } });
    await expect(driver.power()).rejects.toMatchObject({ code: 'bmc_protocol_error' });
  });

  test('the server among other systems is the one that can be reset', async () => {
    const bmc = scriptedBmc();
    const members = ['/redfish/v1/Systems/Board', SYSTEM].map((path) => ({ '@odata.id': path }));
    bmc.script['GET /redfish/v1/Systems'] = () => ({ status: 200, body: { Members: members } });
    bmc.script['GET /redfish/v1/Systems/Board'] = () => ({
      status: 200,
      body: { PowerState: 'On', ProcessorSummary: { Count: 8 } },
    });
    bmc.system['Boot'] = { BootSourceOverrideEnabled: 'Disabled' };
    expect(await (await connect(bmc)).power()).toBe('off');
  });

  test('a blank in a path', async () => {
    const bmc = scriptedBmc();
    bmc.script['GET /redfish/v1/Systems'] = () => ({
      status: 200,
      body: { Members: [{ '@odata.id': '/redfish/v1/Systems/Node 1' }] },
    });
    bmc.script['GET /redfish/v1/Systems/Node%201'] = () => ({ status: 200, body: { PowerState: 'On' } });
    expect(await (await connect(bmc)).power()).toBe('on');
  });

  test('no system yet: the BMC is still coming up', async () => {
    const bmc = scriptedBmc();
    bmc.root = { Links: bmc.root['Links'] };
    await expect(connect(bmc)).rejects.toMatchObject({ code: 'bmc_busy', retry: 'later' });
  });

  test('a list that is null is empty (BlueField)', async () => {
    const bmc = scriptedBmc();
    bmc.system = { ...bmc.system, EthernetInterfaces: { '@odata.id': `${SYSTEM}/EthernetInterfaces` } };
    bmc.script[`GET ${SYSTEM}/EthernetInterfaces`] = () => ({ status: 200, body: { Members: null } });
    expect(await (await connect(bmc)).hardware()).toMatchObject({ nics: [], warnings: [] });
  });
});

describe('power', () => {
  test('iDRAC10 answers 409 to On for a while after off', async () => {
    const bmc = scriptedBmc();
    bmc.root = { ...bmc.root, Vendor: 'Dell', Managers: { '@odata.id': '/redfish/v1/Managers' } };
    bmc.script['GET /redfish/v1/Managers'] = () => ({
      status: 200,
      body: { Members: [{ '@odata.id': '/redfish/v1/Managers/1' }] },
    });
    bmc.script['GET /redfish/v1/Managers/1'] = () => ({ status: 200, body: { Model: '17G Monolithic' } });
    let conflicts = 3;
    bmc.script[`POST ${RESET}`] = () => {
      if (conflicts-- > 0) return { status: 409, body: { error: { code: 'Base.1.18.ActionParameterValueConflict' } } };
      bmc.power = 'On';
      return { status: 204 };
    };
    await (await connect(bmc)).setPower('on');
    expect(bmc.asked('POST', RESET)).toHaveLength(4);
    expect(bmc.asked('POST', RESET).every(({ headers }) => headers['if-match'] === undefined)).toBe(true);
  });

  test('a server without the reset type that is needed', async () => {
    const bmc = scriptedBmc();
    bmc.power = 'On';
    await expect((await connect(bmc)).setPower('graceful_off')).rejects.toMatchObject({
      code: 'bmc_unsupported',
      retry: 'never',
    });
  });

  test('a task that ends badly is said to have ended badly', async () => {
    const bmc = scriptedBmc();
    const task = { '@odata.id': '/redfish/v1/TaskService/Tasks/3', TaskState: 'New' };
    bmc.script[`POST ${RESET}`] = () => ({ status: 202, headers: { location: '/redfish/v1/Monitor/3' }, body: task });
    const states = ['Running', 'Exception'];
    bmc.script['GET /redfish/v1/TaskService/Tasks/3'] = () => ({
      status: 200,
      body: { ...task, TaskState: states.shift(), Messages: [{ Message: 'Fuse blown' }] },
    });
    const failed = (await connect(bmc)).setPower('on');
    await expect(failed).rejects.toMatchObject({ code: 'bmc_write_unverified', facts: { taskState: 'Exception' } });
    await expect(failed).rejects.toThrow('Fuse blown');
    // XCC deletes a finished task when its monitor is read: we read the task.
    expect(bmc.asked('GET', '/redfish/v1/Monitor/3')).toHaveLength(0);
  });

  test('a task that vanished proves nothing, the power does', async () => {
    const bmc = scriptedBmc();
    bmc.script[`POST ${RESET}`] = () => {
      bmc.power = 'On';
      return { status: 202, headers: { location: '/redfish/v1/TaskService/Tasks/4' } };
    };
    await (await connect(bmc)).setPower('on');
    expect(bmc.asked('GET', '/redfish/v1/TaskService/Tasks/4')).toHaveLength(1);
  });
});

describe('boot', () => {
  test('a BMC that refuses the mode gets the rest without it, when the mode is right already', async () => {
    const bmc = scriptedBmc();
    const boot: Json = {
      BootSourceOverrideEnabled: 'Disabled',
      BootSourceOverrideTarget: 'None',
      BootSourceOverrideMode: 'UEFI',
    };
    bmc.system['Boot'] = boot;
    bmc.script[`PATCH ${SYSTEM}`] = ({ body }) => {
      const change = JSON.parse(body).Boot;
      if ('BootSourceOverrideMode' in change) return { status: 400 };
      Object.assign(boot, change);
      return { status: 200 };
    };
    const driver = await connect(bmc);
    expect(await driver.bootOnce('network', 'uefi')).toEqual({ device: 'network', once: true, mode: 'uefi' });
    await expect(driver.bootOnce('network', 'bios')).rejects.toMatchObject({
      code: 'bmc_protocol_error',
      facts: { status: 400 },
    });
  });

  test('a BMC that demands If-Match and gives no ETag gets the star (AMI)', async () => {
    const bmc = scriptedBmc();
    bmc.system['LocationIndicatorActive'] = false;
    bmc.script[`PATCH ${SYSTEM}`] = ({ headers, body }) => {
      if (headers['if-match'] !== '*') return { status: 428 };
      Object.assign(bmc.system, JSON.parse(body));
      return { status: 200 };
    };
    await (await connect(bmc)).setIdentifyLed(true);
    expect(bmc.asked('PATCH', SYSTEM).map(({ headers }) => headers['if-match'])).toEqual([undefined, '*']);
  });
});

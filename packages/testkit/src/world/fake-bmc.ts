// The fake server's BMC: it has power, one override, and a machine behind it that boots when switched on.
import { Fault } from '@rackwright/domain/errors.ts';
import type { Bmc } from '@rackwright/workflows/ports.ts';
import { bootMachine } from './fake-machine.ts';
import type { World } from './world.ts';

/** Throws what a BMC in trouble lets happen to whoever connects. */
export function openFakeBmc(world: World): Bmc {
  const doing = 'ask the fake BMC';
  if (world.bmc === 'dead') throw new Fault({ code: 'bmc_unreachable', doing, retry: 'soon' });
  if (world.bmc === 'refuses') throw new Fault({ code: 'bmc_auth_failed', doing, retry: 'never' });
  return fakeBmc(world);
}

export function fakeBmc(world: World): Bmc {
  return {
    identify: async () => ({ vendor: 'Acme', model: 'R1', serial: world.bmcSerial, uuid: 'u', bmcFirmware: '1' }),
    power: async () => world.power,
    look: async () => ({ power: world.power, health: 'ok', serial: world.bmcSerial }),
    async setPower(action) {
      if (world.bmc === 'lies') throw new Fault({ code: 'bmc_write_unverified', doing: 'set its power', retry: 'later' });
      if (action === 'on') {
        if (world.power === 'on') return;
        world.power = 'on';
        bootMachine(world);
        return;
      }
      if (world.power === 'on') world.deeds.push('power off');
      world.power = 'off';
      for (const node of Object.values(world.nodes)) node.ready = false;
      if (action === 'reboot') await fakeBmc(world).setPower('on');
    },
    bootOverride: async () => ({ device: world.bootOnce, once: true, mode: 'uefi' }),
    async bootOnce(device) {
      world.bootOnce = device;
      return { device, once: true, mode: 'uefi' };
    },
    identifyLed: async () => false,
    setIdentifyLed: async () => undefined,
    hardware: () => Promise.reject(new Error('no workflow asks the fake BMC for its hardware')),
    async eventLog() {
      if (world.eventLog === null) throw new Fault({ code: 'bmc_unsupported', doing: 'read its event log', retry: 'never' });
      return structuredClone(world.eventLog);
    },
    resetBmc: async () => void world.deeds.push('restart the BMC'),
    close: async () => undefined,
  };
}

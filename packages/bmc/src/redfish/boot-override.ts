// The one-time boot device: written where this BMC wants it, read back, and said as it really is.
import type { BootDevice, BootOverride, FirmwareMode } from '@rackwright/domain/bmc.ts';
import { Fault } from '@rackwright/domain/errors.ts';
import type { Conversation, Resource } from './conversation.ts';
import { link, part } from './documents.ts';
import type { FoundServer } from './find-server.ts';
import type { BootWords } from './parse-boot.ts';
import { bootOverrideFrom, bootWords, lastingWords, modeWord, splitBySettings, targetWord } from './parse-boot.ts';
import { writeAndVerify } from './wait-until.ts';

type Places = { system: Resource; settings: Resource | undefined };

export async function readBootOverride(redfish: Conversation, server: FoundServer): Promise<BootOverride> {
  return bootOverrideFrom(await readWords(redfish, server));
}

async function readWords(redfish: Conversation, server: FoundServer): Promise<BootWords> {
  return bootWords((await redfish.get(server.systemPath)).document);
}

/** Sets or (`none`) clears the override; the answer is what the BMC then says. Throws Fault. */
export async function bootOnce(redfish: Conversation, server: FoundServer, device: BootDevice, mode: FirmwareMode) {
  const places = await readPlaces(redfish, server);
  if (device === 'none') return clear(redfish, server, places);

  const documents = [places.system.document, places.settings?.document ?? {}] as const;
  const target = targetWord(...documents, device);
  if (target === undefined) throw unsupported(redfish, `no boot override to ${device}`);
  let refused: Fault | undefined;
  for (const enabled of lastingWords(...documents)) {
    try {
      return await override(redfish, server, places, { enabled, target, mode: modeWord(mode) });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused = error;
    }
  }
  throw refused ?? unsupported(redfish, 'the BMC can only disable boot overrides');
}

async function override(redfish: Conversation, server: FoundServer, places: Places, wanted: BootWords): Promise<BootOverride> {
  const now = bootWords(places.system.document);
  const sendMode = now.mode !== '' && server.quirks.bootModeRefused !== true;
  // BMCs without the property (HPE Gen9, UCS) boot as their firmware is set up; the answer says `unknown`.
  const so = (seen: BootWords) =>
    seen.target === wanted.target && seen.enabled === wanted.enabled && (!sendMode || seen.mode === wanted.mode);
  if (so(now)) return bootOverrideFrom(now);

  const whole = {
    BootSourceOverrideTarget: wanted.target,
    BootSourceOverrideEnabled: wanted.enabled,
    ...(sendMode ? { BootSourceOverrideMode: wanted.mode } : {}),
  };
  const { BootSourceOverrideMode: _mode, ...withoutMode } = whole;
  const write = async () => {
    try {
      await writeBoot(redfish, places, whole);
    } catch (error) {
      // Some take the mode only when it changes, some never: without it if it is right already.
      if (!isRefusal(error) || !sendMode || now.mode !== wanted.mode) throw error;
      await writeBoot(redfish, places, withoutMode);
    }
  };
  const seen = await writeAndVerify(redfish, write, {
    within: redfish.timings.settle,
    read: () => readWords(redfish, server),
    so,
    saying: (last) => `the BMC accepted ${JSON.stringify(whole)} and shows ${last}`,
  });
  return bootOverrideFrom(seen);
}

async function clear(redfish: Conversation, server: FoundServer, places: Places): Promise<BootOverride> {
  const so = (seen: BootWords) => seen.enabled === 'Disabled' || seen.target === 'None' || seen.target === '';
  const now = bootWords(places.system.document);
  if (so(now)) return bootOverrideFrom(now);
  const seen = await writeAndVerify(redfish, () => writeBoot(redfish, places, { BootSourceOverrideEnabled: 'Disabled' }), {
    within: redfish.timings.settle,
    read: () => readWords(redfish, server),
    so,
    saying: (last) => `the BMC accepted to disable the boot override and shows ${last}`,
  });
  return bootOverrideFrom(seen);
}

async function readPlaces(redfish: Conversation, server: FoundServer): Promise<Places> {
  const system = await redfish.get(server.systemPath);
  const path = link(part(system.document, '@Redfish.Settings'), 'SettingsObject');
  return { system, settings: path === undefined ? undefined : await redfish.get(path) };
}

async function writeBoot(redfish: Conversation, { system, settings }: Places, boot: Readonly<Record<string, string>>) {
  const parts = splitBySettings(boot, settings?.document ?? {});
  if (settings && Object.keys(parts.settings).length > 0) await redfish.patch(settings, { Boot: parts.settings });
  if (Object.keys(parts.system).length > 0) await redfish.patch(system, { Boot: parts.system });
}

/** The BMC understood and said no: another form of the same wish may pass. */
function isRefusal(error: unknown): error is Fault {
  return error instanceof Fault && error.facts['status'] === 400;
}

function unsupported(redfish: Conversation, cause: string): Fault {
  return new Fault({ code: 'bmc_unsupported', doing: redfish.doing, retry: 'never', cause });
}

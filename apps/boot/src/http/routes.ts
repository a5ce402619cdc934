// Every path that the boot app's HTTP side answers.
import { answerInspection, answerProgress, answerResult } from './agent-reports.ts';
import { answerChunk, answerManifest, answerSeed } from './agent-images.ts';
import { answerInstruction } from './agent-instruction.ts';
import { answerArtifact, answerBootFile } from './boot-files.ts';
import { answerAutoexec, answerBootScript } from './boot-script.ts';
import type { Exchange } from './exchange.ts';
import type { Gate } from './gate.ts';
import type { BootHttpNeeds } from './needs.ts';
import { answerNoCloud, answerPhoneHome } from './nocloud.ts';

export type RouteNeeds = BootHttpNeeds & {
  transfers: Gate;
  seedImages: Gate;
  waiters: Gate;
  closing: AbortSignal;
  longestWait?: number;
  kernelArguments: readonly string[];
};

type Answer = (exchange: Exchange, needs: RouteNeeds) => Promise<void> | void;
/** GET routes answer HEAD too. */
export type Route = readonly [method: 'GET' | 'POST', pattern: RegExp, answer: Answer];

export const ROUTES: readonly Route[] = [
  ['GET', /^\/boot\/script\.ipxe$/, answerBootScript],
  ['GET', /^\/boot\/autoexec\.ipxe$/, answerAutoexec],
  ['GET', /^\/boot\/([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/, answerBootFile],
  ['GET', /^\/artifacts\/((?:[A-Za-z0-9][A-Za-z0-9._+-]{0,127}\/){0,7}[A-Za-z0-9][A-Za-z0-9._+-]{0,127})$/, answerArtifact],
  ['POST', /^\/agent\/v1\/inspection$/, answerInspection],
  ['GET', /^\/agent\/v1\/instruction$/, answerInstruction],
  ['POST', /^\/agent\/v1\/instructions\/([^/]{1,64})\/progress$/, answerProgress],
  ['POST', /^\/agent\/v1\/instructions\/([^/]{1,64})\/result$/, answerResult],
  ['GET', /^\/agent\/v1\/instructions\/([^/]{1,64})\/seed$/, answerSeed],
  ['GET', /^\/agent\/v1\/images\/(sha256-[0-9a-f]{64})\/manifest$/, answerManifest],
  ['GET', /^\/agent\/v1\/images\/(sha256-[0-9a-f]{64})\/chunks\/(\d{1,6})$/, answerChunk],
  ['GET', /^\/nocloud\/(meta-data|user-data|network-config|vendor-data)$/, answerNoCloud],
  ['POST', /^\/nocloud\/phone-home$/, answerPhoneHome],
];

// NoCloud's meta-data: who this instance is. A new instance id makes cloud-init run everything again.
import { quoted } from './yaml-text.ts';

/** @param instanceId  one per installation, so that a re-installed server is a new instance */
export function metaData({ instanceId, hostname }: { instanceId: string; hostname: string }): string {
  return `instance-id: ${quoted(instanceId)}\nlocal-hostname: ${quoted(hostname)}\n`;
}

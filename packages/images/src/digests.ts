// Names that come from outside and end up in file paths: only these shapes do.
import { Refusal } from '@rackwright/domain/errors.ts';

/** `sha256-` and 64 hexadecimal digits. Refusal `image_unknown` for anything else. */
export function imageFolder(digest: string): string {
  if (!/^sha256-[0-9a-f]{64}$/.test(digest)) throw new Refusal('image_unknown', { digest: digest.slice(0, 80) });
  return digest;
}

/** One to four words of letters, digits, dot, dash, underscore and plus, joined by slashes, none ending in `.artifact`. Refusal `artifact_unknown`. */
export function artifactPath(name: string): string {
  const word = '[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,99}';
  const fits = new RegExp(`^${word}(/${word}){0,3}$`).test(name) && !/\.artifact(\/|$)/.test(name);
  if (!fits) throw new Refusal('artifact_unknown', { name: name.slice(0, 80) });
  return name;
}

// The partition table is read from what sfdisk wrote, not from what we would write.
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { findPartitions } from './partitions.ts';

// The first 34 sectors of a 64 MiB file after `sfdisk` (util-linux 2.38.1), gzipped. The script it was given stands above each.
const TABLES = {
  // label: gpt | 1: start=4096, size=2048, name=esp | 2: start=6144, size=8192, name=cidata
  //            | 3: start=20480, size=20480, name=rw-root | 4: start=2048, size=2048, name=bios
  four: 'H4sIAAAAAAACA+3TTyiDcRzH8e92cmCjFOXAmVwcSNlBizWyLX+2YqXHn7LEtGdaDiSTI3GjaQe5cBiK0w5KuTg5KBdakZz8ua8eP+2Zeo5qCr1fT7/f8/f7+/Tr93tE8JfZ5cUwDJu6KvTfM3TQ1e1tCHT2D4rYJKyeLI26c59vimN9jVpWON2b9/vn5TMtjSO9G+6KcIdjx2Y3v18229V0sJrV+f0yrktncjXmWV9wRW49i48PoVgmmfelD/3aRXD4RpNKcx/UWOsmRZe5H8h/WrnT13Z9z9nQ2dGmnpmVWjO/zVo3LhGZEE3iqpUyv2og3+6I+N+26060+lZjSwJmftpaF5OENKs+qo54CfP7jq/3Tl97vNlUaj431fRe/O8Mp7VuTM0/qtYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/fAC2v5j9AEQAAA==',
  // label: gpt | 1: start=2048, size=2048, name=root
  noSeed:
    'H4sIAAAAAAACA+3RPUtCURgA4KOTS/gPRChocml3aLhK0BCiQyA0i4MgQjWUQY3Rn3DSwWhqCFeFppagKVCc+wu3G14Dx6Ch4HkO5+s957zDeUPgP8uGjziOM8lqNf5MYxRVDopH+7V6CJnQTCLj49Ozr5N1ru+sudX0nu4bg1lhEaLc7cnT5eHusJBN71+lvf+8NVCdv+++PM1f33Srd+fl1lv1Ylnae3ldbkf9x3btoTTfmazrHuc333VDJ2k9HwgAAAAAAAAAAAAAAAAAAAC/4BMXvQ71AEQAAA==',
  // label: gpt | 1: start=2048, size=2048, name=root | 2: start=4096, size=2048, name=cidata
  seedLast:
    'H4sIAAAAAAACA+3RL2gCURzA8d+JwjVtirAxLIZVq+GQ8xgYhmzhQATRcjAZHCsLgqAYhI2lsbAmlpUrt75kGSyYZIjJuoU1MZwndwrGwcIOvp/H+/9+7z34iSDKYvLteZ7ij4L2dy5f9PLZyblWvRBRpOavvH09PWx3dnftb1WDbhHOTz8SpWlLd4YrtaI9xz9j4fluWN184Y7s/H9OcZLs9W3j/rZozYzO8iqbXpudSmaQe02N2z/qLu9e8jDOlmu/3Pz5+++Prqna2rxfPzpejJSmpML304dxTbGkJQ3/Bw2SCAAAAAAAAAAAAAAAAAAAAAAAAAAAAACIvA392Au2AEQAAA==',
  // label: dos | 1: start=2048, size=2048
  dos: 'H4sIAAAAAAACA+3QMQ2AMABE0WMDF0UKIlDEjpBqQAd62gQFTE2T95Kf2y9hRs+73X3KnutYkjVfP53VkwAAAAAAAAAAAAAAAAAAAABjNVAI5uYARAAA',
};
const table = (name: keyof typeof TABLES) => gunzipSync(Buffer.from(TABLES[name], 'base64'));

test('numbers are the entries’, not the places: root is the one that lies last', () => {
  expect(findPartitions(table('four'))).toEqual({ rootPartition: 3, seedPartition: 2 });
});

test.each([
  ['no partition for a seed', 'noSeed'],
  ['a seed that lies last, where only root may', 'seedLast'],
  ['a DOS table', 'dos'],
] as const)('%s: nothing is guessed', (_, name) => expect(findPartitions(table(name))).toBeUndefined());

test('half a table is no table', () => {
  expect(findPartitions(table('four').subarray(0, 8192))).toBeUndefined();
  expect(findPartitions(new Uint8Array(0))).toBeUndefined();
});

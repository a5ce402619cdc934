// What can be set, by environment variable; everything has a default that works on a laptop without root.
import { join, resolve } from 'node:path';
import { Refusal } from '@rackwright/domain/errors.ts';
import { readIpNetwork } from '@rackwright/domain/webhooks/ip-networks.ts';
import type { TargetPolicy } from '@rackwright/domain/webhooks/target.ts';

export type Role = 'api' | 'boot' | 'worker';

export type Config = {
  dataDir: string;
  roles: ReadonlySet<Role>;
  http: { host: string; port: number };
  /** Absent: only loopback may listen, and nobody has to show one. */
  apiToken: string | undefined;
  /** Absent: embedded Postgres below the data directory. */
  databaseUrl: string | undefined;
  /** Absent: the queue lives in Postgres. */
  redisUrl: string | undefined;
  /** 32 bytes; a file is made below the data directory when it is missing and the database is embedded. */
  sealingKeyFile: string;
  boot: {
    /** Ours on the provisioning network: DHCP server identifier, TFTP, HTTP. */
    address: string;
    dhcpPort: number;
    tftpPort: number;
    httpPort: number;
    /** Folder with ipxe.efi, snponly.efi, undionly.kpxe. */
    ipxeDir: string | undefined;
    /** Folder with vmlinuz and initrd of the install agent. */
    agentDir: string | undefined;
    kernelArguments: string[];
  };
  workerConcurrency: number;
  /** BMCs that a worker's fleet sweep asks at the same moment; half as many again that are silent. 0: it does not sweep. */
  bmcSweepAtOnce: number;
  /** Seconds between the rounds of the health controller. */
  healthSeconds: number;
  /** Where webhooks may be sent; the public internet over https unless more is allowed. */
  webhookTargets: TargetPolicy;
  /** `virtual`: simulated machines need no rest between off and on, and answer at once. */
  bmcPace: 'field' | 'virtual';
  /** Simulated servers to start; 0 for none. */
  virtualServers: number;
  /** A real cluster for the virtual rack to join: path of a kubeconfig. */
  kubeconfig: string | undefined;
  exitWhenReady: boolean;
  logLevel: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Refusal `invalid_configuration` names the variable and what it should be. */
export function readConfig(env: Environment, args: readonly string[]): Config {
  const dataDir = resolve(env['RACKWRIGHT_DATA'] ?? '.rackwright');
  const databaseUrl = env['DATABASE_URL'];
  const demo = env['RACKWRIGHT_VIRTUAL_SERVERS'] ?? (databaseUrl === undefined ? '8' : '0');
  const http = { host: env['RACKWRIGHT_HTTP_HOST'] ?? '127.0.0.1', port: whole(env, 'RACKWRIGHT_HTTP_PORT', 8080) };
  const apiToken = env['RACKWRIGHT_API_TOKEN'];
  if (apiToken === undefined && !/^(127\.|localhost$|::1$)/.test(http.host)) {
    throw invalid('RACKWRIGHT_API_TOKEN', 'set, because RACKWRIGHT_HTTP_HOST is not loopback');
  }
  return {
    dataDir,
    roles: readRoles(env),
    http,
    apiToken,
    databaseUrl,
    redisUrl: env['REDIS_URL'],
    sealingKeyFile: env['RACKWRIGHT_SEALING_KEY_FILE'] ?? join(dataDir, 'sealing.key'),
    boot: {
      address: env['RACKWRIGHT_BOOT_ADDRESS'] ?? '127.0.0.1',
      // Unprivileged in the virtual rack: its relay agents find any port (RFC 8357).
      dhcpPort: whole(env, 'RACKWRIGHT_DHCP_PORT', 0),
      tftpPort: whole(env, 'RACKWRIGHT_TFTP_PORT', 0),
      httpPort: whole(env, 'RACKWRIGHT_BOOT_HTTP_PORT', 0),
      ipxeDir: env['RACKWRIGHT_IPXE_DIR'],
      agentDir: env['RACKWRIGHT_AGENT_DIR'],
      kernelArguments: (env['RACKWRIGHT_KERNEL_ARGUMENTS'] ?? '').split(' ').filter((word) => word !== ''),
    },
    workerConcurrency: whole(env, 'RACKWRIGHT_WORKER_CONCURRENCY', 50),
    bmcSweepAtOnce: whole(env, 'RACKWRIGHT_BMC_SWEEP_AT_ONCE', 64),
    healthSeconds: Math.max(1, whole(env, 'RACKWRIGHT_HEALTH_SECONDS', 10)),
    webhookTargets: readTargets(env),
    bmcPace: demo !== '0' || env['RACKWRIGHT_BMC_PACE'] === 'virtual' ? 'virtual' : 'field',
    virtualServers: wholeNumber('RACKWRIGHT_VIRTUAL_SERVERS', demo),
    kubeconfig: env['KUBECONFIG'],
    exitWhenReady: args.includes('--exit-when-ready'),
    logLevel: env['RACKWRIGHT_LOG'] ?? 'warn',
  };
}

function readRoles(env: Environment): ReadonlySet<Role> {
  const all = ['api', 'boot', 'worker'] as const;
  const named = (env['RACKWRIGHT_ROLES'] ?? all.join(',')).split(',').map((word) => word.trim());
  const roles = all.filter((role) => named.includes(role));
  if (roles.length !== named.length) throw invalid('RACKWRIGHT_ROLES', `a list of ${all.join(', ')}`);
  return new Set(roles);
}

/** RACKWRIGHT_WEBHOOK_ALLOW_PRIVATE: networks such as `10.0.0.0/8,fd00::/8`, or `all`; RACKWRIGHT_WEBHOOK_ALLOW_HTTP: `yes`. */
function readTargets(env: Environment): TargetPolicy {
  const [allowPrivate, allowHttp] = ['RACKWRIGHT_WEBHOOK_ALLOW_PRIVATE', 'RACKWRIGHT_WEBHOOK_ALLOW_HTTP'] as const;
  const words = (env[allowPrivate] ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const allowNetworks = words
    .flatMap((word) => (word === 'all' ? ['0.0.0.0/0', '::/0'] : [word]))
    .map((word) => {
      const network = readIpNetwork(word);
      if (!network) throw invalid(allowPrivate, 'a list of networks such as 10.0.0.0/8, or all');
      return network;
    });
  const http = env[allowHttp] ?? 'no';
  if (http !== 'yes' && http !== 'no') throw invalid(allowHttp, 'yes or no');
  return { allowNetworks, allowHttp: http === 'yes' };
}

function whole(env: Environment, name: string, otherwise: number): number {
  return wholeNumber(name, env[name] ?? String(otherwise));
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw invalid(name, 'a whole number');
  return Number(text);
}

function invalid(variable: string, shouldBe: string): Refusal {
  return new Refusal('invalid_configuration', { variable, shouldBe });
}

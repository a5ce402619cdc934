// Lists certificates on file that expire soon: of clusters and their clients, and those that BMCs are proven with. Changes nothing.
import { hours } from '@rackwright/domain/durations.ts';
import type { FiledCertificate } from './needs.ts';
import { findings, leftAlone, meant, type Picked, type ScheduleTask } from './task.ts';

const CERTIFICATES_AT_ONCE = 8;

export const certificateExpiry: ScheduleTask<'certificate_expiry'> = {
  pick({ servers, clusters }) {
    const ofServers = servers.map((server): Picked => {
      if (!server.bmc) return leftAlone(server, 'no_bmc');
      // A pinned certificate is known by its digest alone: when it ends nobody wrote down.
      return server.bmc.tlsMode === 'ca' ? meant(server) : leftAlone(server, 'no_certificate', { tls: server.bmc.tlsMode });
    });
    const ofClusters = clusters.map(
      ({ id, name }): Picked => ({ subject: { kind: 'cluster', id, name }, picked: true, reason: 'meant', facts: {} }),
    );
    return [...ofClusters, ...ofServers];
  },
  atOnce: () => CERTIFICATES_AT_ONCE,
  async act({ subject }, { withinDays }, { clock, clusterCertificates, bmcCertificates }) {
    const certificates = subject.kind === 'cluster' ? await clusterCertificates(subject.id) : await bmcCertificates(subject.id);
    const judged = certificates.map((one) => ({ ...one, ...judge(one, clock.now(), withinDays) }));
    // The worst decides; what ends soonest is what a person wants to see first.
    const finding = WORST_FIRST.find((word) => judged.some((one) => one.finding === word)) ?? 'no_certificate';
    return { do: 'note', result: { finding, certificates: judged } };
  },
  report: (items) => findings(items, ['lasts', 'no_certificate']),
};

const WORST_FIRST = ['expired', 'expires_soon', 'unreadable', 'lasts'] as const;

function judge({ notAfter }: FiledCertificate, now: number, withinDays: number): { finding: string; daysLeft: number | null } {
  if (notAfter === null) return { finding: 'unreadable', daysLeft: null };
  const daysLeft = Math.floor((Date.parse(notAfter) - now) / hours(24));
  if (Date.parse(notAfter) <= now) return { finding: 'expired', daysLeft };
  return { finding: daysLeft < withinDays ? 'expires_soon' : 'lasts', daysLeft };
}

// /v1/erasure-certificates: the proof per disk, for auditors: as JSON, as a page to print, and all of a stretch of time as lines.
import { certificateQuery, exportQuery, issuedCertificate } from '@rackwright/api-contract/resources/erasure-certificate.ts';
import { erasureCertificatePage } from '@rackwright/documents/erasure-certificate/erasure-certificate-page.ts';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { IssuedCertificate } from '../needs.ts';
import type { Api, RouteContext } from './context.ts';
import { problems } from './schema.ts';

const bySerial = z.object({ serial: z.string().min(1).max(128).meta({ description: 'The disk’s own serial number.' }) });
const tags = ['servers'];
/** The page needs nothing from anywhere, and what agents wrote shall not make it want to. */
const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
};

export function erasureCertificateRoutes(api: Api, { needs }: RouteContext): void {
  const { certificates } = needs.inventory;

  api.get(
    '/v1/erasure-certificates/:serial',
    {
      schema: {
        operationId: 'getErasureCertificate',
        tags,
        description: 'JSON, or a page to print with `Accept: text/html`. 409 when the newest erasure of the disk proves nothing.',
        params: bySerial,
        querystring: certificateQuery,
        response: {
          200: {
            description: 'The certificate as it was issued',
            content: { 'application/json': { schema: issuedCertificate }, 'text/html': { schema: z.string() } },
          },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const issued = await certificates.get(request.params.serial, request.query.operationId);
      if (request.headers.accept?.includes('text/html')) return reply.headers(PAGE_HEADERS).send(erasureCertificatePage(issued));
      return reply.type('application/json').send(view(issued));
    },
  );

  api.get(
    '/v1/erasure-certificates',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'exportErasureCertificates',
        tags,
        description: 'Lines of JSON: every certificate issued at `from` or later and before `to`, oldest first.',
        querystring: exportQuery,
        response: {
          200: { description: 'One certificate per line', content: { 'application/x-ndjson': { schema: issuedCertificate } } },
          ...problems,
        },
      },
    },
    async ({ query: { from, to } }, reply) => {
      const body = Readable.from(linesOf(certificates.issuedBetween(from, to)));
      return reply.type('application/x-ndjson').send(body as never);
    },
  );
}

async function* linesOf(issued: AsyncIterable<IssuedCertificate>): AsyncGenerator<string> {
  for await (const one of issued) yield `${JSON.stringify(view(one))}\n`;
}

function view(issued: IssuedCertificate) {
  return { kind: 'erasure_certificate' as const, ...issued };
}

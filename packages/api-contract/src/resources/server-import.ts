// What an import of servers answers: each row of the file in exactly one list, and every cell that is wrong.
import { z } from 'zod';
import { idOf } from '../fields.ts';

const imported = z.object({
  row: z.int().meta({ description: 'As a spreadsheet counts: the header is row 1.' }),
  id: idOf('server').nullable().meta({ description: 'Null while a new server is only planned.' }),
  name: z.string(),
  serial: z.string(),
});

export const serverImport = z
  .object({
    kind: z.literal('server_import'),
    dryRun: z.boolean(),
    applied: z.boolean().meta({ description: 'False for a dry run, and when the import was refused: then nothing was written.' }),
    counts: z.object({ rows: z.int(), created: z.int(), updated: z.int(), unchanged: z.int(), failed: z.int() }),
    created: z.array(imported),
    updated: z.array(imported.extend({ changed: z.array(z.string()).meta({ description: 'Columns.' }) })),
    unchanged: z.array(imported),
    errors: z
      .array(z.object({ row: z.int(), column: z.string(), code: z.string(), message: z.string() }))
      .meta({ description: 'The first 1,000; `counts.failed` counts rows.' }),
  })
  .meta({ id: 'ServerImport' });
export type ServerImportView = z.infer<typeof serverImport>;

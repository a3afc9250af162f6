import type { Readable } from 'node:stream';
import type { Column } from '../../../values/column.js';
import type { Finding, Incoming } from '../../connector.js';
import type { FileFormat, FileOptions, FormatPlan, RowsFormat } from '../format.js';
import { isEnoughText, TextFile } from '../text-file.js';
import { JsonLinesEncoder } from './encode.js';

/** JSON Lines: objects of the columns, or items in DynamoDB's own JSON (encode.ts). */
export function jsonLinesFormat(options: FileOptions): FileFormat {
  return {
    suffix: options.compression === 'gzip' ? '.jsonl.gz' : '.jsonl',
    plan: (incoming) => planJsonLines(incoming, options),
  };
}

function planJsonLines(incoming: Incoming, { extra, compression }: FileOptions): FormatPlan {
  const items = hasItems(incoming.columns) || incoming.open;
  const journeys = incoming.columns.map(({ name, type, native }) => ({
    from: name,
    fromType: native ?? type,
    to: name,
    toType: items ? "DynamoDB's JSON" : 'JSON',
    ...(type === 'bytes' && !items ? { note: 'base64' } : {}),
  }));
  const findings: readonly Finding[] = extra === undefined ? [] : [noExtra];
  const rows = rowsFormat(incoming.columns, { items, gzip: compression === 'gzip' });
  return findings.length > 0 ? { journeys, findings } : { journeys, findings, rows };
}

/** Whether the lines of these columns are items. */
export function hasItems(columns: readonly Column[]): boolean {
  return columns.some(({ type }) => type === 'attribute');
}

const noExtra: Finding = {
  level: 'refuse',
  code: 'unsupported',
  message: 'JSON Lines holds whatever attributes come: there is nothing for `extra` to do',
  hint: 'leave `extra` out, or name the attributes: map.only',
  path: 'to.extra',
};

function rowsFormat(
  columns: readonly Column[],
  { items, gzip }: { readonly items: boolean; readonly gzip: boolean },
): RowsFormat {
  return {
    columns,
    encoder: () => {
      const lines = new JsonLinesEncoder({ items });
      return {
        encode: (batch) => {
          const bytes = lines.encode(batch);
          return { buffers: [bytes], rows: batch.rows.length, refused: [] };
        },
      };
    },
    isEnough: isEnoughText,
    begin: (path, signal) => {
      return new TextFile({ header: Buffer.alloc(0), path, gzip, signal, count: linesIn });
    },
  };
}

const LF = 0x0a;

async function linesIn(text: Readable): Promise<number> {
  let lines = 0;
  for await (const piece of text as AsyncIterable<Buffer>) {
    for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) lines++;
  }
  return lines;
}

import { exactlyOne, type Objecting, type OptionRules, type Options } from '../option-rules.js';

/** The rules between the fields of options.ts: those of folders and of buckets. */
export const rules: OptionRules = {
  connection() {
    // Each field says all there is to say.
  },
  source(options, object) {
    exactlyOne(['table', 'tables'], options, object);
  },
  sink(options, object) {
    onlyWithFormat('parquet', 'rowGroup', options, object);
    onlyWithFormat('parquet', 'layout', options, object);
    onlyWithFormat('csv', 'for', options, object);
    for (const field of ['keep', 'file', 'layout', 'for']) notWithAppend(field, options, object);
    checkCompression(options, object);
    checkLayout(options, object);
  },
};

function onlyWithFormat(format: string, field: string, options: Options, object: Objecting): void {
  if (options[field] === undefined || options['format'] === undefined || options['format'] === format) return;
  object({
    code: 'conflict',
    path: [field],
    message: `\`${field}\` goes with \`format: ${format}\` only`,
    hint: `leave \`${field}\` out`,
  });
}

/** They are about exports, which are whole. */
function notWithAppend(field: string, options: Options, object: Objecting): void {
  if (options['mode'] !== 'append' || options[field] === undefined) return;
  object({
    code: 'conflict',
    path: [field],
    message: `\`${field}\` goes with \`mode: replace\` only`,
    hint:
      field === 'file'
        ? 'each load becomes a file: say `load: { rows, bytes, seconds }`'
        : `leave \`${field}\` out`,
  });
}

/** What is read as a stream of lines is compressed as one. */
function checkCompression({ format, compression }: Options, object: Objecting): void {
  if (format !== 'csv' && format !== 'jsonl') return;
  if (compression !== 'snappy' && compression !== 'zstd') return;
  object({
    code: 'conflict',
    path: ['compression'],
    message: `${compression} goes with Parquet only`,
    hint: 'say gzip or none',
  });
}

function checkLayout({ layout, table }: Options, object: Objecting): void {
  if (layout !== 'rds' || (typeof table === 'string' && /^[^./]+\.[^/]+$/.test(table))) return;
  object({
    code: 'conflict',
    path: table === undefined ? [] : ['table'],
    message: 'with `layout: rds` the table is called DATABASE.TABLE',
    hint: 'table: shop.orders, or with `tables`: "shop.{table}"',
  });
}

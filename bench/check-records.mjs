/**
 * Parses, checks and maps records and writes them as LOAD DATA lines, with the stages that a run uses: no source and no
 * sink. Reads a job from standard input, `{ file, rounds }`: a file of items (AttributeValue JSON, one a line) that are
 * gone through `rounds` times; prints `{ rows, seconds, lines, refused, bytes }`. The clock runs from items in memory to
 * bytes of lines.
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { LineRoom } from '../.local/compiled/connectors/mysql/load-encoder.js';
import { mapColumns } from '../.local/compiled/connectors/mysql/sink-columns.js';
import { encodeRows } from '../.local/compiled/connectors/mysql/sink-rows.js';
import { SchemaCheck } from '../.local/compiled/transform/check/schema-check.js';
import { Transform } from '../.local/compiled/transform/transform.js';
import { hitSchema } from './hits.mjs';

const BATCH_ROWS = 1000;
const names = ['page_id', 'activity_dt', 'payload'];

const { file, rounds } = JSON.parse(await text(process.stdin));
const columns = Object.freeze(names.map((name) => ({ name, type: 'attribute', nullable: true })));
const rows = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => names.map((name) => JSON.parse(line)[name]));

const check = await SchemaCheck.of({ name: 'hit', schema: hitSchema, files: {} });
const transform = new Transform(
  {
    parse: ['payload'],
    checks: [{ of: 'payload', schema: check }],
    map: {
      only: {
        page_id: 'page_id',
        hits: 'payload.Hits',
        start_time: 'payload.session.start_timestamp',
        end_time: 'payload.session.stop_timestamp',
        country_code: 'payload.device.location.country',
      },
    },
  },
  true,
);

const plain = {
  hasDefault: false,
  defaultText: null,
  members: undefined,
  generated: false,
  invisible: false,
};
const numeric = { ...plain, charset: undefined, maxChars: undefined, maxBytes: undefined, json: false };
const column = (name, dataType, columnType, more) => ({
  ...numeric,
  ...{ name, dataType, columnType, nullable: true, unsigned: false, zerofill: false, autoIncrement: false },
  ...more,
});
const textOf = (chars) => ({
  charset: 'utf8mb4',
  collation: 'utf8mb4_bin',
  maxChars: chars,
  maxBytes: 4 * chars,
});
const table = {
  columns: [
    column('page_id', 'varchar', 'varchar(40)', textOf(40)),
    column('hits', 'int', 'int(11)', { precision: 10, scale: 0 }),
    column('start_time', 'bigint', 'bigint(20)', { precision: 19, scale: 0 }),
    column('end_time', 'bigint', 'bigint(20)', { precision: 19, scale: 0 }),
    column('country_code', 'char', 'char(2)', textOf(2)),
  ],
  primaryKey: [],
  indexes: [],
};

// As a run does.
transform.watchDrift();
const room = new LineRoom();
const maps = new Map();
const sum = { rows: 0, lines: 0, refused: 0, bytes: 0 };
const started = performance.now();
for (let round = 0; round < rounds; round++) {
  for (let start = 0; start < rows.length; start += BATCH_ROWS) {
    const some = rows.slice(start, start + BATCH_ROWS);
    const { batch, dropped } = transform.apply({ columns, rows: some, bytes: 0 });
    const request = { incoming: batch.columns, open: true, table, extra: 'reject', lastTimestamp: '' };
    if (!maps.has(batch.columns)) maps.set(batch.columns, mapColumns(request));
    room.clear();
    const { encoded, refused, groups } = encodeRows(maps.get(batch.columns), batch.rows, room);
    if (groups.length > 0) throw new Error('rows that lack columns');
    sum.rows += some.length;
    sum.lines += encoded.count;
    sum.refused += dropped.length + refused.length;
    for (const { length } of encoded.buffers) sum.bytes += length;
  }
}
process.stdout.write(JSON.stringify({ ...sum, seconds: (performance.now() - started) / 1000 }));

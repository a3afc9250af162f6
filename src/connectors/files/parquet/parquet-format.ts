import type { Finding, Incoming, Journey } from '../../connector.js';
import { needDuckdb } from '../duckdb.js';
import type { FileFormat, FileOptions, FormatPlan } from '../format.js';
import { isRowGroup, ParquetBuild } from './build.js';
import { journeyNote, type ParquetColumn, parquetColumn, parquetType } from './parquet-column.js';
import { ParquetRowEncoder } from './row-encoder.js';

/** Parquet, written by DuckDB from plain columns. */
export function parquetFormat(options: FileOptions): FileFormat {
  return {
    suffix: '.parquet',
    need: needDuckdb,
    plan: (incoming) => planParquet(incoming, options),
  };
}

function planParquet(incoming: Incoming, options: FileOptions): FormatPlan {
  const { extra } = options;
  const columns = [...incoming.columns];
  if (typeof extra === 'object') columns.push({ name: extra.into, type: 'json', nullable: true });
  const parquet = columns.map(parquetColumn);
  const findings = [...nameFindings(parquet), ...openFindings(incoming, extra)];
  const journeys = parquet.slice(0, incoming.columns.length).map(journeyOf);
  if (findings.some(({ level }) => level === 'refuse')) return { journeys, findings };
  return {
    journeys,
    findings,
    rows: {
      columns,
      encoder: () => new ParquetRowEncoder(parquet, extra),
      isEnough: (held) => isRowGroup(parquet, options, held),
      begin: (path, signal) => new ParquetBuild({ columns: parquet, options, path, signal }),
    },
  };
}

function journeyOf(to: ParquetColumn): Journey {
  const { column } = to;
  const note = journeyNote(to);
  return {
    from: column.name,
    fromType: column.native ?? column.type,
    to: column.name,
    toType: parquetType(to),
    ...(note === undefined ? {} : { note }),
  };
}

/** Readers of Parquet tell columns apart without regard to case. */
function nameFindings(columns: readonly ParquetColumn[]): readonly Finding[] {
  const seen = new Set<string>();
  return columns.flatMap(({ column: { name } }): Finding[] => {
    const folded = name.toLowerCase();
    if (!seen.has(folded)) {
      seen.add(folded);
      return [];
    }
    const message = `two columns of a Parquet file cannot be called ${name}, in whatever case`;
    return [
      {
        level: 'refuse',
        code: 'type_refused',
        message,
        hint: 'give one another name: map.rename',
        path: name,
      },
    ];
  });
}

/** A table of which nothing but the key is known would be a file of nothing but keys. */
function openFindings({ open, columns, key }: Incoming, extra: FileOptions['extra']): readonly Finding[] {
  if (!open || extra !== undefined || columns.some(({ name }) => !key.includes(name))) return [];
  return [
    {
      level: 'refuse',
      code: 'type_refused',
      message: 'a Parquet file has the same columns in each row, and only those of the key are known',
      hint: 'name the attributes and their types: map: { only: [id, total], as: { total: decimal } }; or say to.extra',
      path: 'map.only',
    },
  ];
}

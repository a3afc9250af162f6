/** What a reader gets who reads the Parquet files of LATEST.json with DuckDB. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callS3 } from '../fixtures/moto.js';
import { latestFiles, type Place } from './export-look.js';

export interface RowSums {
  readonly rows: number;
  readonly ids: number;
  readonly sum: string;
}

/** Of a table with the column `id`. */
export async function exportedRows(place: Place): Promise<RowSums> {
  const names = (await latestFiles(place)).filter((name) => name.endsWith('.parquet'));
  if (place.kind === 'folder') return await sums(names.map((name) => join(place.path, name)));
  const folder = await mkdtemp(join(tmpdir(), 'sluice-read-'));
  try {
    const paths = names.map(async (name, index) => {
      const path = join(folder, `${index}.parquet`);
      const response = await callS3(`${place.endpoint}/${place.bucket}/${place.prefix}${name}`);
      await writeFile(path, Buffer.from(await response.arrayBuffer()));
      return path;
    });
    return await sums(await Promise.all(paths));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sums(paths: readonly string[]): Promise<RowSums> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const files = paths.map((path) => `'${path}'`).join(', ');
    const query = `SELECT count(*)::VARCHAR, count(DISTINCT id)::VARCHAR, sum(id)::VARCHAR FROM read_parquet([${files}])`;
    const [row = []] = (await connection.runAndReadAll(query)).getRows();
    return { rows: Number(row[0]), ids: Number(row[1]), sum: String(row[2]) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

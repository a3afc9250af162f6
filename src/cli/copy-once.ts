import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { parseDeclaration } from '../declare/load.js';
import { SluiceError } from '../errors.js';
import { askPassword } from './ask-password.js';
import { type EndAddress, parseEndAddress } from './end-address.js';
import type { Io } from './io.js';
import { planDeclaration } from './plan-declaration.js';
import { runDeclaration } from './run-declaration.js';

export interface CopyOptions {
  readonly where?: string;
  readonly key?: string;
  readonly mode?: string;
  readonly create?: boolean;
  readonly format?: string;
  readonly columns?: string;
  readonly parallel?: number;
  readonly save?: string;
  readonly plan?: boolean;
  readonly state?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `sluice copy`: a declaration made of two addresses, checked and run like any other. Gives the exit status. */
export async function copyOnce(from: string, to: string, options: CopyOptions, io: Io): Promise<number> {
  const source = parseEndAddress(from, 'from', options.format);
  const sink = parseEndAddress(to, 'to', options.format);
  checkFormat(options.format, [source, sink]);
  const text = stringify(declarationFor(source, sink, options));
  const path = resolve(io.cwd, options.save ?? 'sluice-copy.yaml');
  const env = await withPasswords([source, sink], io);
  const declaration = await parseDeclaration(text, path, { env });
  if (options.save !== undefined) await saveNew(path, text);
  const state = options.state ?? join(io.cwd, '.sluice');
  const { format: _, columns: __, ...others } = options;
  const act = options.plan ? planDeclaration : runDeclaration;
  return await act(declaration, { ...io, env }, { ...others, state });
}

function declarationFor(source: EndAddress, sink: EndAddress, options: CopyOptions): object {
  const [partition, sort] = options.key?.split(',') ?? [];
  const step = {
    copy: 'copy',
    from: {
      connection: 'from',
      table: source.table,
      ...source.options,
      ...(options.where === undefined ? {} : { where: options.where }),
      ...(options.columns === undefined ? {} : { columns: columnTypes(options.columns, source) }),
    },
    to: {
      connection: 'to',
      table: sink.table,
      ...sink.options,
      ...(options.mode === undefined ? {} : { mode: options.mode }),
      ...(options.create ? { create: true } : {}),
      ...(partition === undefined ? {} : { key: sort === undefined ? { partition } : { partition, sort } }),
    },
    ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
  };
  return {
    pipeline: `copy-${sink.table.replaceAll(/[^A-Za-z0-9_-]/g, '-')}`,
    connections: { from: source.connection, to: sink.connection },
    steps: [step],
  };
}

/** `id:int,born:date`: what the declaration then says of each. */
function columnTypes(text: string, { connection }: EndAddress): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => /^(.+):([^:]+)$/.exec(pair.trim()));
  const types = pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', pair[2] ?? ''] as const] : []));
  if (types.length === pairs.length && (connection['kind'] === 'files' || connection['kind'] === 's3'))
    return Object.fromEntries(types);
  throw new SluiceError('usage', '--columns names columns of a source file, with their types', {
    hint: '--columns id:int,born:date',
  });
}

/** What nothing takes was meant otherwise. */
function checkFormat(format: string | undefined, ends: readonly EndAddress[]): void {
  if (format === undefined || ends.some(({ options }) => options?.['format'] === format)) return;
  throw new SluiceError('usage', `neither FROM nor TO is of the format ${format}`, {
    hint: '--format is for paths without an ending: ./out/orders',
  });
}

async function withPasswords(ends: readonly EndAddress[], io: Io): Promise<Io['env']> {
  const env = { ...io.env };
  for (const { passwordVariable, connection } of ends) {
    if (passwordVariable === undefined || env[passwordVariable] !== undefined) continue;
    const password = await askPassword(
      `password of ${String(connection['user'])} at ${String(connection['host'])}: `,
    );
    if (password !== undefined) env[passwordVariable] = password;
  }
  return env;
}

async function saveNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    throw new SluiceError('usage', `${path} cannot be written, or is there already`, {
      hint: 'name another file',
      cause: error,
    });
  }
}

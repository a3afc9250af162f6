import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { folderWith } from '../../../test/fixtures/declaration-files.js';
import { ends, fields } from '../../../test/fixtures/declarations.js';
import { SluiceError } from '../../errors.js';
import type { Io } from '../io.js';
import { registerCheck } from './check.js';
import { registerInit } from './init.js';
import { registerSchema } from './schema.js';

const right = fields('parallel: 2');
const wrong = ends('{ connection: shop, tabel: t }', '{ connection: stage, table: ttt, mode: putt }');

/** Runs one command in a folder. */
async function run(cwd: string, args: readonly string[], env: Io['env'] = { PW: 'x' }) {
  const output = { out: '', err: '' };
  const io: Io = {
    out: (text) => {
      output.out += `${text}\n`;
    },
    err: (text) => {
      output.err += `${text}\n`;
    },
    color: false,
    terminal: false,
    env,
    cwd,
    input: () => Readable.from([]),
  };
  let status: number | undefined;
  const program = new Command().exitOverride();
  for (const register of [registerCheck, registerInit, registerSchema]) {
    register(program, io, (code) => {
      status = code;
    });
  }
  await program.parseAsync([...args], { from: 'user' });
  return { ...output, status };
}

describe('sluice check', () => {
  test('says what is right about a right declaration, and ends with 0', async () => {
    const folder = await folderWith({ 'p.yaml': right });
    expect(await run(folder, ['check', 'p.yaml'])).toEqual({
      out: 'p.yaml: no mistakes: pipeline p, 1 step, 2 connections\n',
      err: '',
      status: 0,
    });
  });

  test('shows every mistake with place, path, code and hint, and ends with 2', async () => {
    const folder = await folderWith({ 'p.yaml': wrong });
    expect(await run(folder, ['check', 'p.yaml'])).toEqual({
      out: `p.yaml:7:31  steps[0].from.tabel  unknown field "tabel"; did you mean "table"?  [unknown_field]
    hint: fields here: connection, table, tables, query, columns, where, since, consistency
p.yaml:8:48  steps[0].to.mode  unknown mode "putt"; did you mean "put"?  [wrong_value]
    hint: one of: put, insert, update, newest, mirror, append
`,
      err: 'p.yaml: 2 mistakes\n',
      status: 2,
    });
  });

  test('goes on with the next file, also after one that is not there', async () => {
    const folder = await folderWith({ 'a.yaml': wrong, 'c.yaml': right });
    const { out, err, status } = await run(folder, ['check', 'a.yaml', 'b.yaml', 'c.yaml']);
    expect(out).toContain('b.yaml  b.yaml cannot be read (ENOENT)  [file_unreadable]');
    expect(out).toContain('c.yaml: no mistakes');
    expect(err).toBe('a.yaml: 2 mistakes\nb.yaml: 1 mistake\n');
    expect(status).toBe(2);
  });

  test('warns of variables that are not set, which is no mistake', async () => {
    const folder = await folderWith({ 'p.yaml': right });
    const { err, status } = await run(folder, ['check', 'p.yaml'], {});
    expect(err).toContain(
      'p.yaml:3:69  connections.shop.password.env  the environment variable PW is not set  [env_missing]',
    );
    expect(status).toBe(0);
  });

  test('with --json gives an event a line and a summary at the end', async () => {
    const folder = await folderWith({ 'a.yaml': wrong, 'b.yaml': right });
    const { out, err, status } = await run(folder, ['check', '--json', 'a.yaml', 'b.yaml'], {});
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ event }) => event)).toEqual([
      'problem',
      'problem',
      'warning',
      'declaration',
      'summary',
    ]);
    expect(events[0]).toEqual({
      event: 'problem',
      file: 'a.yaml',
      line: 7,
      column: 31,
      path: 'steps[0].from.tabel',
      code: 'unknown_field',
      message: 'unknown field "tabel"; did you mean "table"?',
      hint: 'fields here: connection, table, tables, query, columns, where, since, consistency',
    });
    expect(events[3]).toEqual({ event: 'declaration', file: 'b.yaml', pipeline: 'p', steps: ['a'] });
    expect(events[4]).toEqual({ event: 'summary', outcome: 'invalid', files: 2, problems: 2, warnings: 1 });
    expect({ err, status }).toEqual({ err: '', status: 2 });
  });
});

describe('sluice init', () => {
  test.each(['batch', 'users', 'replicate', 'export'])(
    'writes a starter that has no mistakes: %s',
    async (flow) => {
      const folder = await folderWith({});
      expect(await run(folder, ['init', flow])).toMatchObject({ status: 0, err: '' });
      expect(await readFile(join(folder, `${flow}.yaml`), 'utf8')).toMatch(
        /^# yaml-language-server: \$schema=\S*docs\/reference\/pipeline\.schema\.json\n/,
      );
      expect(await run(folder, ['check', `${flow}.yaml`])).toMatchObject({ status: 0 });
    },
  );

  test('overwrites nothing unless it is told to', async () => {
    const folder = await folderWith({ 'batch.yaml': 'mine' });
    await expect(run(folder, ['init'])).rejects.toMatchObject({
      code: 'usage',
      hint: 'with --force it is overwritten',
    });
    expect(await readFile(join(folder, 'batch.yaml'), 'utf8')).toBe('mine');
    expect(await run(folder, ['init', '--force', '--json'])).toMatchObject({
      out: '{"event":"written","file":"batch.yaml"}\n',
    });
    expect(await readFile(join(folder, 'batch.yaml'), 'utf8')).toContain('pipeline: batch');
  });

  test('refuses a flow that it has no starter for', async () => {
    const folder = await folderWith({});
    for (const flow of ['stream', 'constructor'])
      await expect(run(folder, ['init', flow])).rejects.toThrow(SluiceError);
  });
});

describe('sluice schema', () => {
  test('prints the published JSON Schema', async () => {
    const folder = await folderWith({});
    const { out, status } = await run(folder, ['schema']);
    expect(out).toBe(await readFile('docs/reference/pipeline.schema.json', 'utf8'));
    expect(status).toBe(0);
  });
});

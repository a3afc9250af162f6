import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { folderWith } from '../../../test/fixtures/declaration-files.js';
import { faultsOf } from '../../../test/fixtures/interpreter.js';
import type { Io } from '../io.js';
import { registerCheck } from './check.js';
import { registerDraw } from './draw.js';
import { registerImport } from './import.js';

/** Runs one command in a folder. */
async function run(cwd: string, args: readonly string[]) {
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
    env: {},
    cwd,
    input: () => Readable.from([]),
  };
  let status: number | undefined;
  const program = new Command().exitOverride();
  for (const register of [registerCheck, registerDraw, registerImport]) {
    register(program, io, (code) => {
      status = code;
    });
  }
  await program.parseAsync([...args], { from: 'user' });
  return { ...output, status };
}

const machines = resolve('test/fixtures/state-machines');
const series = join(machines, 'two-in-series.asl.json');

const lossy = JSON.stringify({
  StartAt: 'a',
  States: {
    a: {
      Type: 'Task',
      Resource: 'arn:aws:lambda:eu-west-1:111122223333:function:a',
      HeartbeatSeconds: 5,
      End: true,
    },
  },
});

describe('sluice import asl', () => {
  test('writes a declaration that has no mistakes and can be drawn as a state machine again', async () => {
    const folder = await folderWith({});
    const imported = await run(folder, ['import', 'asl', series, '--out', 'nightly.yaml']);
    expect(imported).toEqual({
      out: 'wrote nightly.yaml\nnext: sluice check nightly.yaml\n',
      err: '',
      status: 0,
    });
    expect(await run(folder, ['check', 'nightly.yaml'])).toMatchObject({
      out: 'nightly.yaml: no mistakes: pipeline two-in-series, 2 steps, 0 connections\n',
      status: 0,
    });
    const { out, status } = await run(folder, ['draw', 'nightly.yaml', '--format', 'asl']);
    expect(faultsOf(JSON.parse(out))).toBe('');
    expect(status).toBe(0);
  });

  test('prints it where no file is named, and overwrites none', async () => {
    const folder = await folderWith({ 'mine.yaml': 'mine' });
    const { out } = await run(folder, ['import', 'asl', series, '--pipeline', 'nightly']);
    expect(out).toContain('\npipeline: nightly\n');
    await expect(run(folder, ['import', 'asl', series, '--out', 'mine.yaml'])).rejects.toMatchObject({
      code: 'usage',
      message: 'mine.yaml is there already',
    });
    expect(await readFile(join(folder, 'mine.yaml'), 'utf8')).toBe('mine');
  });

  test('names what it does not carry over and ends with 3; with --strict it writes nothing and ends with 2', async () => {
    const folder = await folderWith({ 'm.json': lossy });
    const loss = 'state "a": HeartbeatSeconds: a call has no heartbeat';
    const { out, err, status } = await run(folder, ['import', 'asl', 'm.json']);
    expect({ err, status }).toEqual({ err: `not carried over:\n  ${loss}\n`, status: 3 });
    expect(out).toContain(`# not carried over:\n#   - ${loss}\n`);
    const strict = await run(folder, ['import', 'asl', 'm.json', '--strict', '--out', 'm.yaml']);
    expect(strict).toEqual({
      out: '',
      err: `not carried over:\n  ${loss}\nnothing is written: --strict\n`,
      status: 2,
    });
    await expect(readFile(join(folder, 'm.yaml'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('gives its results as events', async () => {
    const folder = await folderWith({ 'm.json': lossy });
    const { out } = await run(folder, ['import', 'asl', 'm.json', '--json']);
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(events).toEqual([
      { event: 'not_carried_over', state: 'a', what: 'HeartbeatSeconds', why: 'a call has no heartbeat' },
      { event: 'declaration', text: expect.stringContaining('pipeline: m\n') },
    ]);
  });

  test('refuses what is no file, no state machine, and no known format', async () => {
    const none = '{"StartAt":"a","States":{"a":{"Type":"Pass","End":true}}}';
    const folder = await folderWith({ 'm.json': '{', 'pass.json': none });
    const refused = (...args: string[]) => expect(run(folder, ['import', ...args])).rejects;
    await refused('asl', 'absent.json').toMatchObject({ code: 'file_unreadable' });
    await refused('asl', 'm.json').toMatchObject({
      code: 'state_machine_invalid',
      message: 'm.json: not JSON',
    });
    await refused('asl', 'pass.json').toMatchObject({ message: 'pass.json: no step would be left of it' });
    await refused('bpmn', 'm.json').toMatchObject({ code: 'usage', hint: 'there is: asl' });
  });
});

test('sluice draw --format asl names the step that no state machine can do', async () => {
  const steps = [{ call: 'mail', run: ['./mail.sh'] }];
  const folder = await folderWith({ 'p.yaml': JSON.stringify({ pipeline: 'p', connections: {}, steps }) });
  await expect(run(folder, ['draw', 'p.yaml', '--format', 'asl'])).rejects.toMatchObject({
    code: 'unsupported',
    path: 'steps[0]',
    message: 'mail runs on this machine only',
  });
});

import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { look, type Place } from './export-look.js';
import { startWatcher } from './export-watcher.js';

let path: string;
let place: Place;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'sluice-watched-'));
  place = { kind: 'folder', path };
  await put('one');
  await publish('one');
});
afterEach(() => rm(path, { recursive: true, force: true }));

async function put(name: string): Promise<void> {
  await mkdir(join(path, name));
  await writeFile(join(path, name, 'part'), 'rows');
}

/** At once, as a store does. */
async function publish(name: string): Promise<void> {
  const files = [{ name: `${name}/part`, bytes: 4 }];
  const text = JSON.stringify({ export: name, tables: [{ files }], others: [] });
  await writeFile(join(path, 'new'), text);
  await rename(join(path, 'new'), join(path, 'LATEST.json'));
}

test('a watcher sees no gap where the new export is published before the old goes', async () => {
  const watcher = await startWatcher(place);
  await put('two');
  await publish('two');
  await rm(join(path, 'one'), { recursive: true });
  const { exports, gaps } = await watcher.end();
  expect({ exports, gaps }).toEqual({ exports: ['one', 'two'], gaps: [] });
});

test.each([
  ['an object is not there', 'one/part', 'one: one/part is not there'],
  ['LATEST.json is gone', 'LATEST.json', 'LATEST.json is gone'],
])('a watcher tells that %s', async (_, name, gap) => {
  const watcher = await startWatcher(place);
  await rm(join(path, name));
  expect((await watcher.end()).gaps).toEqual([gap]);
});

test('a look tells of an object that is cut short, and of a torn LATEST.json', async () => {
  await writeFile(join(path, 'one/part'), 'ro');
  expect((await look(place)).problems).toEqual(['one/part has 2 bytes, not 4']);
  await writeFile(join(path, 'LATEST.json'), '{"export":');
  expect((await look(place)).problems).toEqual(['LATEST.json is torn']);
});

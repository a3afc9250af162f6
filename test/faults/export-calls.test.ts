/** Each call that an export makes fails once, in every way that calls fail. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needsServer } from '../fixtures/servers.js';
import { type AccountContent, type ExportAccount, exportAccount, publishEarlier } from './export-account.js';
import { tryExport } from './export-trial.js';
import type { HttpFault, HttpProxy } from './http-proxy.js';
import { sweepExtent } from './sweep-extent.js';

needsServer('moto');

const extent = sweepExtent(2);

const script = {
  tables: [
    { name: 'shop.orders', rows: 40, parts: 2 },
    { name: 'shop.customers', rows: 7, parts: 1 },
  ],
};

/** With what is tried again by the run itself, and with what may end it. */
const faults: readonly { readonly fault: HttpFault; readonly passes: boolean }[] = [
  { fault: { kind: 'throttle' }, passes: true },
  { fault: { kind: 'error', status: 500, type: 'InternalFailure' }, passes: true },
  { fault: { kind: 'reset before' }, passes: true },
  { fault: { kind: 'reset after' }, passes: true },
  { fault: { kind: 'torn' }, passes: true },
  { fault: { kind: 'page', status: 502 }, passes: true },
  { fault: { kind: 'error', status: 403, type: 'AccessDenied' }, passes: false },
];

interface Call {
  readonly to: 'rds' | 's3';
  readonly action: string;
  readonly nth: number;
}

let account: ExportAccount;
let expected: AccountContent;
let calls: readonly Call[];
beforeAll(async () => {
  account = await exportAccount(script);
  await publishEarlier(account);
  const before = { rds: account.rds.events.length, s3: account.s3.events.length };
  const undisturbed = await tryExport(account, script, {});
  expect(undisturbed).toMatchObject({ status: 0, problems: [] });
  calls = [...callsOf('rds', account.rds, before.rds), ...callsOf('s3', account.s3, before.s3)];
  expected = await account.dump();
});
afterAll(() => account?.stop());

function callsOf(to: Call['to'], { events }: HttpProxy, from: number): Call[] {
  const counts = new Map<string, number>();
  return events.slice(from).map(({ action }) => {
    const nth = (counts.get(action) ?? 0) + 1;
    counts.set(action, nth);
    return { to, action, nth };
  });
}

interface Failing extends Call {
  readonly fault: HttpFault;
  readonly passes: boolean;
}

/** Each call with each fault; those that are chosen lie spread over the calls and, from one to the next, over the faults. */
function all(): readonly Failing[] {
  return faults.flatMap((fault) => calls.map((call) => ({ ...call, ...fault })));
}

/** What was not as it must be. */
async function problemsOf({ to, action, nth, fault, passes }: Failing): Promise<readonly string[]> {
  const trial = await tryExport(account, script, { [to]: [{ on: action, nth, fault }] });
  return [
    ...trial.problems,
    ...(trial.struck ? [] : ['did not take place']),
    ...(passes && trial.status !== 0 ? [`exit ${trial.status}: ${trial.output}`] : []),
    ...(JSON.stringify(await account.dump()) === JSON.stringify(expected) ? [] : ['the account differs']),
  ];
}

test('whichever call of an export fails once, the run goes on or can be gone on with, and a reader always finds one', async () => {
  const failures: unknown[] = [];
  const failing = all();
  for (const index of extent.among(failing.length)) {
    const one = failing[index];
    if (!one) throw new Error(`no call ${index}`);
    const problems = await problemsOf(one);
    if (problems.length > 0) failures.push({ ...one, problems });
    extent.tell(
      index,
      failing.length,
      [`${one.action} ${one.nth} ${one.fault.kind}`, ...problems].join('; '),
    );
  }
  expect(failures).toEqual([]);
}, 7_200_000);

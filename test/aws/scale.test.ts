/**
 * docs/scale.md: what `synth` forecasts of a copy of many rows, held against a run of the state machine that it writes: its
 * definition goes through an interpreter that is not ours, in simulated time, and stand-ins for functions copy.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_EVENTS, MAX_PAYLOAD_BYTES } from '../../src/aws/quotas.js';
import type { StateMachine } from '../../src/flow/asl/definition.js';
import type { DeployedForecast, DeployedSize } from '../../src/flow/deployed-forecast.js';
import { ofType } from '../fixtures/kept-templates.js';
import { type SecretDatabase, secretDatabase } from '../fixtures/secret-database.js';
import { type CopyRun, runCopy } from '../fixtures/simulated-copy.js';
import { type SynthTold, synth } from '../fixtures/synth.js';

const page = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/scale.md'), 'utf8');
const ROW_BYTES = 200;
const PAGE_BYTES = 16_384;

let shop: SecretDatabase;

beforeAll(async () => {
  shop = await secretDatabase('scale', 'prod/shop');
  await shop.database.execute(
    `CREATE TABLE orders (order_id BIGINT PRIMARY KEY, note VARCHAR(200)) ENGINE=InnoDB STATS_PERSISTENT=1 STATS_AUTO_RECALC=0;
     INSERT INTO orders VALUES (1, 'a'), (2, 'b'); ANALYZE TABLE orders`,
  );
}, 240_000);

afterAll(() => shop?.stop());

/** The server says from here on that the table is so large; it looks at what it noted when a table has got a name. */
async function pretend(rows: number): Promise<void> {
  const pages = Math.ceil((rows * ROW_BYTES) / PAGE_BYTES);
  await shop.database.execute(
    `UPDATE mysql.innodb_table_stats SET n_rows = ${rows}, clustered_index_size = ${pages}
       WHERE database_name = '${shop.database.name}' AND table_name = 'orders';
     RENAME TABLE orders TO other; RENAME TABLE other TO orders`,
  );
}

interface Asked {
  readonly parallel?: number;
  readonly fields?: object;
  readonly deploy?: object;
}

async function synthOf(rows: number, { parallel = 16, fields = {}, deploy = {} }: Asked = {}) {
  await pretend(rows);
  const copy = {
    copy: 'orders-out',
    from: { connection: 'shop', table: 'orders' },
    to: { connection: 'stage', table: 'scale-orders', mode: 'put', create: true },
    parallel,
    ...fields,
  };
  const declaration = {
    pipeline: 'scale',
    connections: {
      shop: { kind: 'mysql', secret: 'prod/shop', region: 'eu-west-1' },
      stage: { kind: 'dynamodb', region: 'eu-west-1' },
    },
    deploy: { vpc: 'none', ...deploy },
    steps: [copy],
  };
  return await synth(JSON.stringify(declaration), { env: shop.env, json: true });
}

/** As docs/scale.md assumes: a new table, and a function that copies 50,000 rows a second for each core. */
const TABLE_UNITS = 4000;
const rowsPerSecond = (memory: number) => 50_000 * (memory / 1769);
const RESERVE_SECONDS = 20;

interface Case extends Asked {
  readonly name: string;
  readonly rows: number;
  readonly parts: number;
  readonly memory?: number;
  /** Infinite of a sink without units. */
  readonly unitsPerSecond?: number;
  readonly batchRows?: number;
}

const cases: readonly Case[] = [
  { name: '10⁶ rows by 16 functions', rows: 1e6, parts: 16 },
  { name: '10⁸ rows by 16 functions', rows: 1e8, parts: 16 },
  { name: '10⁹ rows by 16 functions', rows: 1e9, parts: 16 },
  {
    name: '10⁹ rows into MySQL by 8 small functions',
    rows: 1e9,
    parts: 8,
    parallel: 8,
    memory: 512,
    unitsPerSecond: Number.POSITIVE_INFINITY,
    batchRows: 2500,
    fields: { to: { connection: 'shop', table: 'copied', mode: 'append', create: true } },
  },
  {
    name: '10⁸ rows at a pace',
    rows: 1e8,
    parts: 1,
    unitsPerSecond: 2000,
    batchRows: 222,
    fields: { pace: { writeUnits: 2000 } },
  },
];

describe.each(cases)('$name', ({ name, rows, parts, memory = 1024, ...asked }) => {
  const { unitsPerSecond = TABLE_UNITS, batchRows = 1000 } = asked;
  let told: SynthTold;
  let run: CopyRun;

  beforeAll(async () => {
    told = await synthOf(rows, { ...asked, deploy: { memory } });
    expect(told.status, told.err).toBe(0);
    const { definition, timeout } = machineIn(told);
    run = await runCopy(definition, {
      rows,
      parts,
      rowsPerSecond: rowsPerSecond(memory),
      tableRowsPerSecond: unitsPerSecond,
      callSeconds: timeout - RESERVE_SECONDS,
      openingSeconds: 5,
      batchRows,
      failsEvery: 25,
    });
  }, 240_000);

  it('goes to its end, over calls that are refused and calls that are ended', () => {
    expect(run.status).toBe('SUCCEEDED');
    expect(run.copy.rowsLeft).toBe(0);
    if (run.copy.calls > 25) expect(run.copy.failed).toBeGreaterThan(0);
    expect(run.history.retries).toBe(run.copy.failed);
  });

  it('takes and costs what is forecast, and a little more for what fails', () => {
    const { size, ...shape } = forecastIn(told);
    expect(shape).toMatchObject({ parts, functions: run.history.mostOpen });
    expect(run.history.children).toHaveLength(parts);
    const is = simulated(run, memory, Number.isFinite(unitsPerSecond));
    const forecast = { ...size, dollars: sumOf(size) };
    // Of what is around the copy: the state machine and its functions begin and end.
    const around = {
      seconds: 20,
      calls: 1,
      functionSeconds: 0,
      transitions: 4,
      events: 7,
      journalUnits: 200 * parts,
    };
    for (const what of [...Object.keys(around), 'dollars'] as (keyof typeof is)[]) {
      const more = is[what] - ('dollars' === what ? 0 : around[what]);
      expect(is[what] / forecast[what], what).toBeGreaterThan(0.99);
      expect(more / forecast[what], what).toBeLessThan(1.08);
    }
  });

  it('is what docs/scale.md says', () => {
    const { size } = forecastIn(told);
    const is = simulated(run, memory, Number.isFinite(unitsPerSecond));
    const pairs = [
      [size.seconds, is.seconds].map((seconds) => (seconds / 3600).toFixed(2)),
      [size.calls, is.calls].map(String),
      [size.events, is.events].map(String),
      [size.transitions, is.transitions].map(String),
      [sumOf(size), is.dollars].map((dollars) => dollars.toFixed(2)),
    ].map((pair) => pair.join(' / '));
    expect(page).toContain(`| ${[name, ...pairs, String(run.history.mostBytes)].join(' | ')} |`);
  });

  it('passes no quota', () => {
    const { history, copy } = run;
    expect(history.events).toBeLessThan(100);
    expect(Math.max(...history.children)).toBeLessThan(MAX_EVENTS);
    expect(history.mostBytes).toBeLessThan(MAX_PAYLOAD_BYTES);
    expect(history.mostOpen).toBeLessThanOrEqual(MAX_CHILDREN);
    expect(copy.mostOpen).toBeLessThanOrEqual(MAX_FUNCTIONS);
    expect(copy.mostOpen).toBe(parts);
  });
});

/** Of a distributed Map: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html */
const MAX_CHILDREN = 10_000;
/** Of an account and region: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_FUNCTIONS = 1000;

function machineIn(told: SynthTold): { readonly definition: StateMachine; readonly timeout: number } {
  const template = told.templates['sluice-scale'];
  if (!template) throw new Error(`no stack: ${told.out}${told.err}`);
  const [[, machine] = []] = ofType(template, 'AWS::StepFunctions::StateMachine');
  const [, step] = ofType(template, 'AWS::Lambda::Function').find(([name]) => name.startsWith('Step')) ?? [];
  const definition = JSON.parse(String(machine?.['DefinitionString'])) as StateMachine;
  return { definition, timeout: Number(step?.['Timeout']) };
}

type Told = Omit<DeployedForecast, 'size'> & { readonly size: DeployedSize };

function forecastIn({ out }: SynthTold): Told {
  const events = out.split('\n').map((line) => JSON.parse(line) as { readonly event: string });
  const found = events.find(({ event }) => event === 'forecast');
  if (!found) throw new Error(`no forecast: ${out}`);
  return found as unknown as Told;
}

function sumOf({ dollars }: DeployedSize): number {
  return Object.values(dollars).reduce((sum, some) => sum + some, 0);
}

/** With its key, as it was measured. */
const RECORD_BYTES = 330;

/** What was counted, and what it costs in us-east-1. */
function simulated({ seconds, copy, history }: CopyRun, memory: number, paysUnits: boolean) {
  const { calls, functionSeconds, records, recordsRead } = copy;
  const { transitions } = history;
  // Each record is an item that is put and a claim that is looked at, in a transaction; then it is removed.
  const journalUnits = records * (2 + 2 + 1);
  const dollars =
    (paysUnits ? (copy.rowsCopied / 1e6) * 0.625 : 0) +
    functionSeconds * (memory / 1024) * 0.0000133334 +
    (calls / 1e6) * 0.2 +
    (transitions / 1000) * 0.025 +
    (journalUnits / 1e6) * 0.625 +
    ((recordsRead * (RECORD_BYTES / 4096)) / 1e6) * 0.125;
  return {
    seconds,
    calls,
    functionSeconds,
    transitions,
    journalUnits,
    dollars,
    events: Math.max(...history.children),
  };
}

describe('what Step Functions would end in its middle is refused before it is deployed', () => {
  it.each<[string, Asked, number, string]>([
    [
      'calls that work too briefly',
      { deploy: { workSeconds: 60 } },
      1e9,
      'deploy.workSeconds: 66672 calls of functions, in at least 3 days (write units of a new table): the history of a part would have 29173 events, and Step Functions ends an execution with 25000',
    ],
    [
      'a pace that is too slow',
      { fields: { pace: { writeUnits: 200 } } },
      1e9,
      'steps[0].pace: 5682 calls of functions, in at least 58 days (pace.writeUnits): the history of a part would have 39778 events',
    ],
    [
      'too few functions that are too small',
      {
        parallel: 1,
        deploy: { memory: 256 },
        fields: { to: { connection: 'shop', table: 'copied', mode: 'append', create: true } },
      },
      1e11,
      'steps[0].parallel: 15795 calls of functions, in at least 161 days (the functions)',
    ],
  ])('%s', async (_, asked, rows, said) => {
    const [path, message] = said.split(/: (.*)/s);
    const problem = {
      path,
      message: expect.stringContaining(message ?? ''),
      hint: expect.stringContaining('where'),
    };
    await expect(synthOf(rows, asked)).rejects.toMatchObject({ code: 'not_deployable', problems: [problem] });
  });
});

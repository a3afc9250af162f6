import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import type {
  Context,
  Finding,
  FoundRow,
  KeyValues,
  Part,
  Permission,
  ReadRequest,
  Source,
  SourceDescription,
  SourceReport,
  Uniqueness,
} from '../connector.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import { BatchBuilder, type SharedColumns } from './batch-builder.js';
import { type Fetcher, keyText } from './fetch.js';
import { findItem } from './find-item.js';
import { wholeItem } from './item-scanner.js';
import { attributeColumn, type Item, itemOf, OpenColumns } from './open-columns.js';
import type { DynamodbSourceOptions } from './options.js';
import type { PageReader } from './pages.js';
import { patiently } from './patience.js';
import { assumedArn, lookPermissions, permissions } from './permissions.js';
import { withFiring } from './placeholders.js';
import { isWanted, readItems } from './read-items.js';
import { type ReadPlan, readPlan } from './request.js';
import { findTable, type Table, tableIdentity, tableMissing } from './table.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html, TotalSegments */
const MAX_SEGMENTS = 1_000_000;

interface Ready {
  readonly table: Table;
  readonly plan: ReadPlan;
  readonly columns: readonly Column[];
  readonly shared: SharedColumns;
}

/** Items of a table, by Scan in segments or by Query. */
export class DynamodbSource implements Source {
  readonly #client: DynamodbClient;
  #options: DynamodbSourceOptions;
  readonly #context: Context;
  readonly #role: string | undefined;
  readonly #name: string;
  readonly #used = { units: 0 };
  #vanished = 0;
  #consistency = '';
  #ready: Promise<Ready> | undefined;

  constructor(
    client: DynamodbClient,
    options: DynamodbSourceOptions,
    context: Context,
    role: string | undefined,
  ) {
    if (options.table === undefined) {
      throw new SluiceError('declaration_invalid', 'a DynamoDB source needs a table', { path: 'from.table' });
    }
    this.#client = client;
    this.#options = options;
    this.#context = context;
    this.#role = role;
    this.#name = options.table;
  }

  async describe(): Promise<SourceDescription> {
    const { table, plan, columns } = await this.#prepare();
    await this.#probe(plan);
    const whole = !this.#options.query && this.#options.filter === undefined;
    return {
      name: `table ${table.name}`,
      identity: tableIdentity(this.#client, this.#name, table),
      columns,
      open: plan.projected === undefined,
      key: table.key.map(({ name }) => name),
      ...(whole ? { rows: table.items, bytes: table.bytes, units: unitsOf(table, plan) } : {}),
      capacity: table.provisioned?.read ?? 'on demand',
      consistency: this.#consistency,
      findings: this.#findings(table, whole),
      permissions: this.#permissions(table.arn),
    };
  }

  #prepare(): Promise<Ready> {
    this.#ready ??= this.#load().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #load(): Promise<Ready> {
    const table = await findTable(this.#client, this.#name, this.#context);
    if (!table) throw tableMissing(this.#name, 'check the name, the region and the account');
    this.#options = withFiring(this.#options, this.#context.firing);
    const plan = readPlan(this.#options, table);
    const columns = sourceColumns(table, plan);
    this.#consistency = consistencyOf(plan, this.#options);
    return { table, plan, columns, shared: { current: new OpenColumns(columns), first: columns } };
  }

  /** Lets DynamoDB check the expressions before anything is written anywhere: one item, not looked at. */
  async #probe(plan: ReadPlan): Promise<void> {
    if (this.#options.filter === undefined && !this.#options.query) return;
    await patiently(this.#context, () => this.#client.call(plan.action, `${plan.body},"Limit":1}`));
  }

  #findings(table: Table, whole: boolean): Finding[] {
    const findings: Finding[] = [];
    const note = (message: string) => findings.push({ level: 'note', code: 'note', message });
    if (whole) note('rows and bytes are as DynamoDB counted them, up to six hours ago');
    if (table.provisioned) note(`the table has ${table.provisioned.read} provisioned read units a second`);
    if (this.#options.fetch && this.#options.filter !== undefined) {
      note('the filter sees what the index holds, not the whole items');
    }
    return findings;
  }

  /** What a read needs, by the declaration alone: the table may still be to be made. */
  #permissions(arn: string): Permission[] {
    const { query, fetch } = this.#options;
    const action = query ? ('Query' as const) : ('Scan' as const);
    const index = query?.index;
    const resource = index === undefined ? arn : `${arn}/index/${index}`;
    const base = fetch ? (['DescribeTable', 'BatchGetItem'] as const) : (['DescribeTable'] as const);
    return [
      ...permissions(base, arn, undefined),
      ...permissions([action], resource, this.#role),
      ...lookPermissions(['Query'], arn, 'finds a row by its key'),
    ];
  }

  async neededAhead(): Promise<readonly Permission[]> {
    return this.#permissions(assumedArn(this.#client.place.region, this.#name, this.#role));
  }

  async parts(wanted: number): Promise<readonly Part[]> {
    const { plan } = await this.#prepare();
    if (plan.action === 'Query') return [{ id: '0', range: '{}' }];
    const of = Math.min(MAX_SEGMENTS, Math.max(1, Math.floor(wanted)));
    return Array.from({ length: of }, (_, segment) => ({
      id: String(segment),
      range: JSON.stringify({ Segment: segment, TotalSegments: of }),
    }));
  }

  async *read(part: Part, request: ReadRequest): AsyncGenerator<Batch> {
    const { plan, shared, table } = await this.#prepare();
    const builder = new BatchBuilder(shared, request);
    const items = readItems(this.#reader(plan, table), this.#fetcher(plan, table), part.range, request);
    let place: Item | undefined;
    const positionAfter = (row: Row, columns: readonly Column[]) =>
      `{${keyText(place ?? itemOf(row, columns), plan.place)}}`;
    for await (const { items: page, places, share } of items) {
      for (let index = 0; page.next(); index++) {
        const { scanner } = page;
        if (plan.without && !isWanted(wholeItem(scanner), plan)) continue;
        if (!builder.add(scanner, share)) {
          yield builder.take(positionAfter);
          builder.add(scanner, share);
        }
        place = places?.[index];
        if (builder.full) yield builder.take(positionAfter);
      }
    }
    if (!builder.empty) yield builder.take(positionAfter);
  }

  #reader(plan: ReadPlan, table: Table): PageReader {
    const itemBytes = table.items > 0 ? table.bytes / table.items : undefined;
    return { client: this.#client, context: this.#context, plan, used: this.#used, itemBytes };
  }

  #fetcher(plan: ReadPlan, table: Table): Fetcher | undefined {
    if (this.#options.fetch === undefined) return undefined;
    return {
      client: this.#client,
      context: this.#context,
      table: table.name,
      key: table.key,
      strong: this.#options.consistency !== 'eventual',
      columns: plan.projected,
      used: this.#used,
      vanished: (items) => {
        this.#vanished += items;
      },
    };
  }

  async unique(columns: readonly string[]): Promise<Uniqueness> {
    const { table } = await this.#prepare();
    return table.key.every(({ name }) => columns.includes(name)) ? 'index' : 'unknown';
  }

  async find(key: KeyValues): Promise<FoundRow | undefined> {
    const { table, plan, columns } = await this.#prepare();
    const lent = { client: this.#client, context: this.#context, used: this.#used };
    const found = await findItem({ ...lent, table, plan, options: this.#options }, key);
    if (!found) return undefined;
    const { item, ...about } = found;
    const list = new OpenColumns(columns);
    const row = list.row(item);
    return { batch: { columns: list.columns, rows: [row], bytes: JSON.stringify(item).length }, ...about };
  }

  report(): SourceReport {
    const vanished = this.#vanished === 0 ? '' : `; ${this.#vanished} items of the index were gone when read`;
    return { consistency: this.#consistency + vanished, units: this.#used.units };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function sourceColumns(table: Table, plan: ReadPlan): readonly Column[] {
  const key = table.key.map(({ name, type }) => attributeColumn(name, false, type));
  const more = (plan.projected ?? []).filter((name) => !table.key.some((part) => part.name === name));
  return [...key, ...more.map((name) => attributeColumn(name, true))];
}

function consistencyOf(plan: ReadPlan, options: DynamodbSourceOptions): string {
  const strong = options.fetch ? options.consistency !== 'eventual' : plan.strong;
  const how = strong ? 'strongly consistent, item by item' : 'eventually consistent';
  return options.fetch ? `${how}, behind an eventually consistent index` : how;
}

/** A strongly consistent read unit is a read of up to this many bytes. */
const UNIT_BYTES = 4096;

/** Read units of a Scan of the whole table. */
function unitsOf(table: Table, plan: ReadPlan): number {
  return Math.ceil(table.bytes / UNIT_BYTES) * (plan.strong ? 1 : 0.5);
}

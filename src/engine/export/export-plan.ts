import type { Finding, Permission } from '../../connectors/connector.js';
import type { Exporter, ExporterDescription, ExportOrder } from '../../connectors/exporter.js';
import type { Store, StoreDescription } from '../../connectors/store.js';
import type { ExportStep } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import { refusalOf } from '../plan.js';

import type { ExpectedTable } from './export-journal.js';
import { placeFindings } from './publish-export.js';

/** Everything decided about one export before anything is begun. */
export interface ExportPlan {
  readonly name: string;
  readonly step: ExportStep;
  readonly exporter: Exporter;
  readonly store: Store;
  readonly description: ExporterDescription;
  readonly place: StoreDescription;
  /** Where it goes; its name is the run's. */
  readonly order: Omit<ExportOrder, 'name'>;
  /** Asks the database for its tables; absent where it is not declared. */
  readonly count?: CountTables;
  /** What the database held when it was planned. */
  readonly counted?: CountedTables;
  readonly findings: readonly Finding[];
}

export type CountTables = () => Promise<CountedTables>;

export interface CountedTables {
  readonly tables: readonly ExpectedTable[];
  /** What asking for them needs. */
  readonly permissions: readonly Permission[];
}

/** Either a plan, perhaps with refusals among its findings, or the refusals that made a plan impossible. */
export type PlannedExport =
  | ExportPlan
  | { readonly name: string; readonly step: ExportStep; readonly findings: readonly Finding[] };

export function isExportPlan(planned: PlannedExport): planned is ExportPlan {
  return 'order' in planned;
}

/** What is needed of the bucket, and of the key that its objects are written with. */
export function placePermissions({ place, step, order: { kmsKey } }: ExportPlan): readonly Permission[] {
  const alias = kmsKey.includes(':alias/') ? ' (a policy must name the key behind the alias)' : '';
  const reason = `reads what RDS wrote of the export, and counts the rows of its files${alias}`;
  const copying = `encrypts the copy below newest/ with the same key${alias}`;
  return [
    ...place.permissions,
    { action: 'kms:Decrypt', resource: kmsKey, reason },
    ...(step.layout === undefined
      ? []
      : [{ action: 'kms:GenerateDataKey', resource: kmsKey, reason: copying }]),
  ];
}

export interface ExportPlanRequest
  extends Pick<ExportPlan, 'step' | 'exporter' | 'store' | 'order' | 'count'> {
  readonly pipeline: string;
}

/** Looks at the database, the bucket, the key and the role; begins nothing. */
export async function planExport(request: ExportPlanRequest): Promise<PlannedExport> {
  const { step, exporter, store, order, count, pipeline } = request;
  const { name } = step;
  try {
    const [description, place] = await Promise.all([
      exporter.describe(order),
      // Copies below newest/ may be large.
      store.describe(step.layout === undefined ? 'publish' : 'write'),
    ]);
    const said = [...description.findings, ...place.findings];
    const isPossible = said.every(({ level }) => level !== 'refuse');
    const [checked, owner, counted] = isPossible
      ? await Promise.all([exporter.check(order), placeFindings(store, { pipeline, step: name }), count?.()])
      : [[], [], undefined];
    const findings = [...said, ...checked, ...owner, ...missingTables(order.tables, counted?.tables)];
    return {
      name,
      step,
      exporter,
      store,
      description,
      place,
      order,
      findings,
      ...(count === undefined ? {} : { count }),
      ...(counted === undefined ? {} : { counted }),
    };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return { name, step, findings: [refusalOf(error)] };
  }
}

/** What is declared and not there, of the database that is asked. */
function missingTables(
  declared: readonly string[],
  tables: readonly ExpectedTable[] | undefined,
): readonly Finding[] {
  const database = tables?.[0]?.name.split('.')[0];
  if (tables === undefined || database === undefined) return [];
  const known = new Set(tables.map(({ name }) => name));
  return declared
    .filter((name) => name.startsWith(`${database}.`) && !known.has(name))
    .map((name) => ({
      level: 'refuse' as const,
      code: 'table_missing' as const,
      message: `there is no table ${name}`,
      path: 'from.tables',
    }));
}

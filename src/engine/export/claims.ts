import * as z from 'zod';
import type { Store } from '../../connectors/store.js';
import { SluiceError } from '../../errors.js';
import type { ExportPlan } from './export-plan.js';
import type { ExportRun } from './export-run.js';

/**
 * An export that is begun and not published yet has a claim: `_exports/NAME.json` says whose it is. What a failed run left is found
 * by it, and nothing without one is ever removed. Names that begin with `_` are not read by warehouses.
 */
const CLAIMS = '_exports/';

const claim = z.object({ pipeline: z.string(), step: z.string(), run: z.string() });

export interface Claim {
  /** Of the export. */
  readonly name: string;
  readonly run: string;
}

/**
 * Before RDS is asked to write below the name. False where it is not this run's: another run has its claim, or had it, so that there
 * are objects below it, or RDS remembers an export of that name.
 */
export async function claimExport(plan: ExportPlan, run: ExportRun, name: string): Promise<boolean> {
  const { store, step, exporter } = plan;
  const there = await readClaim(store, claimName(name));
  if (there) return there.pipeline === run.pipeline && there.step === step.name && there.run === run.run;
  if ((await holdsObjects(store, `${name}/`)) || (await exporter.export(name)).kind !== 'none') return false;
  await run.guard();
  const text = `${JSON.stringify({ pipeline: run.pipeline, step: step.name, run: run.run })}\n`;
  return (await store.putText(claimName(name), text, undefined)) !== 'changed';
}

async function holdsObjects(store: Store, folder: string): Promise<boolean> {
  for await (const _object of store.list(folder)) return true;
  return false;
}

/** The claims of this pipeline's step, of all its runs. */
export async function claimsOf(
  { store, step }: ExportPlan,
  { pipeline }: Pick<ExportRun, 'pipeline'>,
): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for await (const { name } of store.list(CLAIMS)) {
    const found = await readClaim(store, name);
    if (found?.pipeline !== pipeline || found.step !== step.name) continue;
    claims.push({ name: name.slice(CLAIMS.length, -'.json'.length), run: found.run });
  }
  return claims;
}

export function claimName(name: string): string {
  return `${CLAIMS}${name}.json`;
}

async function readClaim(store: Store, name: string): Promise<z.infer<typeof claim> | undefined> {
  const found = await store.readText(name);
  if (!found) return undefined;
  try {
    return claim.parse(JSON.parse(found.text));
  } catch (error) {
    throw new SluiceError('state_unusable', `${name} is no claim of an export`, {
      hint: 'remove it if nobody knows what it is',
      cause: error,
    });
  }
}

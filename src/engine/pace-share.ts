import type { Finding, SinkPlan, SourceDescription } from '../connectors/connector.js';
import type { PaceDeclaration } from '../declare/declaration.js';

export interface ResolvedPace {
  readonly pace: PaceDeclaration;
  readonly findings: readonly Finding[];
}

/** `share` in units a second, by what each table is provisioned for; units that are declared in numbers stay. */
export function resolveShare(
  pace: PaceDeclaration,
  source: Pick<SourceDescription, 'capacity' | 'name'>,
  sink: Pick<SinkPlan, 'capacity' | 'name'>,
): ResolvedPace {
  const { share } = pace;
  if (share === undefined) return { pace, findings: [] };
  const read = sideOf(share, 'readUnits', pace, source);
  const write = sideOf(share, 'writeUnits', pace, sink);
  const findings = [...read.findings, ...write.findings];
  if (source.capacity === undefined && sink.capacity === undefined) findings.push(noTable);
  else if (!isKept(read) && !isKept(write)) findings.push(nothingToShare);
  return { pace: { ...pace, ...read.units, ...write.units }, findings };
}

type Units = 'readUnits' | 'writeUnits';

const noTable: Finding = {
  level: 'refuse',
  code: 'unsupported',
  message: 'a share is of the capacity of a DynamoDB table, and neither side is one',
  hint: 'say items or bytes a second',
  path: 'pace.share',
};

const nothingToShare: Finding = {
  level: 'refuse',
  code: 'unsupported',
  message: 'a share is of provisioned capacity, and no table here has any that would be kept to',
  hint: 'say how many units a second it may be: pace: { readUnits: …, writeUnits: … }',
  path: 'pace.share',
};

interface Side {
  readonly units: Partial<Record<Units, number>>;
  readonly findings: readonly Finding[];
}

function isKept({ units }: Side): boolean {
  return Object.keys(units).length > 0;
}

function sideOf(
  share: number,
  units: Units,
  pace: PaceDeclaration,
  { capacity, name }: { readonly capacity?: number | 'on demand'; readonly name: string },
): Side {
  const declared = pace[units];
  if (declared !== undefined) return { units: { [units]: declared }, findings: [] };
  if (capacity === undefined) return { units: {}, findings: [] };
  if (capacity === 'on demand') {
    const message = `${name} is on demand: it has no capacity to take a share of, and its ${units} are not paced`;
    const hint = `say how many a second they may be: pace: { ${units}: … }`;
    return { units: {}, findings: [{ level: 'warn', code: 'note', message, hint, path: 'pace.share' }] };
  }
  const perSecond = share * capacity;
  const message = `${name}: ${units} ${Number(perSecond.toFixed(3))} a second, ${Number((share * 100).toFixed(3))}% of ${capacity}`;
  return {
    units: { [units]: perSecond },
    findings: [{ level: 'note', code: 'note', message, path: 'pace.share' }],
  };
}

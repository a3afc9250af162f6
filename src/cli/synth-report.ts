import { namedSteps } from '../aws/stack/named-steps.js';
import type { Stack } from '../aws/stack/pipeline-stacks.js';
import type { Synthesized } from '../aws/synthesize.js';
import { templateText } from '../aws/template/template.js';
import type { Declaration } from '../declare/declaration.js';
import { bytesText, table } from './text.js';

/** What `sluice synth` has written, for people. */
export function synthText(made: Synthesized, declaration: Declaration, out: string): string {
  const stacks = made.stacks.map((stack) => [
    stack.name,
    stack.account,
    stack.region,
    String(resourceCount(stack)),
    bytesText(templateBytes(stack)),
  ]);
  const code = made.code.map(({ name, hash, bytes }) => [name, bytesText(bytes), hash.slice(0, 12)]);
  return [
    ...table(['stack', 'account', 'region', 'resources', 'template'], stacks, new Set([3, 4])),
    '',
    ...table(['function', 'code', 'asset'], code, new Set([1])),
    '',
    ...notesOf(made, declaration),
    `written to ${out}`,
  ].join('\n');
}

/** The same for programs. */
export function synthEvents(made: Synthesized, declaration: Declaration, out: string): readonly object[] {
  return [
    ...made.stacks.map((stack) => ({
      event: 'stack',
      name: stack.name,
      account: stack.account,
      region: stack.region,
      resources: resourceCount(stack),
      bytes: templateBytes(stack),
    })),
    ...made.code.map(({ name, hash, bytes }) => ({ event: 'code', name, hash, bytes })),
    ...notesOf(made, declaration).map((message) => ({ event: 'note', message })),
    { event: 'summary', outcome: 'written', out },
  ];
}

function resourceCount({ template }: Stack): number {
  return Object.keys(template.Resources).length;
}

function templateBytes({ template }: Stack): number {
  return Buffer.byteLength(templateText(template));
}

/** What whoever deploys it has to know. */
function notesOf({ site, stacks }: Synthesized, declaration: Declaration): readonly string[] {
  const steps = namedSteps(declaration.steps);
  const copies = steps.flatMap((step) =>
    step.kind === 'copy'
      ? [`${step.name}: at most ${step.parallel} parts at once, each with connections of its own`]
      : [],
  );
  const isMysql = (name: string) => declaration.connections[name]?.kind === 'mysql';
  const databases = Object.keys(declaration.connections).filter(isMysql);
  const { vpc } = site.deploy;
  const network =
    databases.length === 0
      ? []
      : vpc === undefined
        ? [`no VPC (deploy.vpc): functions reach ${databases.join(', ')} only by a public address`]
        : [
            `functions that talk to ${databases.join(', ')} run in ${vpc.subnets.join(', ')}: from there they need a NAT gateway, or endpoints for DynamoDB, S3, Secrets Manager and STS`,
          ];
  const own = Object.entries(declaration.connections).flatMap(([name, { role }]) =>
    typeof role === 'string' && role.split(':')[4] === site.account
      ? [`${name} works as ${role}, which is yours: it must trust the roles of ${site.pipeline}'s functions`]
      : [],
  );
  const guests = stacks.filter(({ account }) => account !== site.account);
  const others = guests.map(({ name, account }) => `${name} is deployed with credentials of ${account}`);
  return [...copies, ...network, ...own, ...others];
}

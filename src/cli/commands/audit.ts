import type { Command } from 'commander';
import type { Io } from '../io.js';

const examples = `
Examples:
  sluice audit template.yaml
  sluice audit cdk.out/*.template.json --json | jq 'select(.level == "error")'

A rule is waived where the template says why:
  Metadata: { Sluice: { resource-wildcard: "X-Ray knows no resources" } }

Exit status: 0 no finding of level error · 2 there are some, or a file is no template`;

export function registerAudit(program: Command, io: Io, exit: (status: number) => void): void {
  program
    .command('audit')
    .summary('look CloudFormation templates over')
    .description(
      'Looks CloudFormation templates over for what goes wrong between queues, functions, streams and roles. Calls nothing.',
    )
    .argument('<template...>', 'templates, JSON or YAML')
    .option('--state <folder>', 'where runs are kept; audit uses none')
    .option('--json', 'one JSON event a line')
    .addHelpText('after', examples)
    .action(async (files: string[], options: { readonly json?: boolean }) => {
      const { auditTemplates } = await import('../audit-templates.js');
      exit(await auditTemplates(files, io, options.json === true));
    });
}

/**
 * What others' scanners say of the stacks that the repository holds, which tests of src/aws/stack keep as they are made. Each is
 * called once, with a template beside them in which mistakes are planted: a scanner that finds nothing at all is a failure, too.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preparedScanners } from '../../src/local/scanners.js';
import { cfnLint, checkov } from '../fixtures/scanners.js';

const stacks = 'test/fixtures/stacks';
let folder: string;
let templates: readonly string[];
let planted: string;

beforeAll(async () => {
  await preparedScanners();
  const all = await readdir(stacks, { recursive: true });
  templates = all.filter((file) => file.endsWith('.template.json')).map((file) => join(stacks, file));
  folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  planted = join(folder, 'planted.template.json');
  const whole = templates.find((file) => basename(file) === 'sluice-orders-nightly.template.json') ?? '';
  const text = await readFile(whole, 'utf8');
  const { StateTable } = (JSON.parse(text) as { Resources: Record<string, { Properties: object }> })
    .Resources;
  // Alone: the others are looked over where they stand.
  const properties = {
    ...StateTable?.Properties,
    BillingMode: 'PAY_AS_YOU_LIKE',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
  };
  const bad = { Resources: { StateTable: { ...StateTable, Properties: properties } } };
  await writeFile(planted, JSON.stringify(bad));
}, 900_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('cfn-lint and checkov find nothing without a reason, and the mistakes that are planted', async () => {
  expect(templates.length).toBeGreaterThanOrEqual(3);
  const [lint, checks] = await Promise.all([
    cfnLint([...templates, planted]),
    checkov([...templates, planted]),
  ]);
  const ofPlanted = (line: string) => line.includes('planted.template.json');
  expect(lint.filter((line) => !ofPlanted(line))).toEqual([]);
  expect(lint.filter(ofPlanted).join('\n')).toContain('PAY_AS_YOU_LIKE');
  expect(checks.failed.filter((line) => !ofPlanted(line))).toEqual([]);
  expect(checks.failed.filter(ofPlanted).join('\n')).toContain('CKV_AWS_28');
  expect(checks.passed).toBeGreaterThan(50);
}, 600_000);

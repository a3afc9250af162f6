import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AuditFinding, auditTemplate } from './audit.js';
import { rules } from './rules.js';

const folder = resolve(import.meta.dirname, '../../../test/fixtures/templates');

/** A good template and a bad one, whose lines that a finding is at end with `# here`. */
function pair(rule: string): { readonly good: string; readonly bad: string } {
  const [good = '', bad = ''] = readFileSync(join(folder, `${rule}.yaml`), 'utf8').split(/^---$/m);
  return { good, bad: bad.trimStart() };
}

function linesOf(findings: readonly AuditFinding[], rule: string): readonly number[] {
  return findings.filter((finding) => finding.rule === rule).map(({ line }) => line);
}

test('every rule has its two templates, and every template its rule', () => {
  const files = readdirSync(folder).map((name) => name.replace(/\.yaml$/, ''));
  expect(files.sort()).toEqual(rules.map(({ id }) => id).sort());
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
});

describe.each(rules)('$id', ({ id, level, page, why, mend }) => {
  const { good, bad } = pair(id);

  test('has nothing against the good template', () => {
    expect(good).toContain('Resources:');
    expect(linesOf(auditTemplate(good, 'good.yaml'), id)).toEqual([]);
  });

  test('finds what is marked in the bad one, and nothing else', () => {
    const marked = bad.split('\n').flatMap((line, index) => (line.endsWith('# here') ? [index + 1] : []));
    expect(marked.length).toBeGreaterThan(0);
    const findings = auditTemplate(bad, 'bad.yaml').filter(({ rule }) => rule === id);
    expect(findings.map(({ line }) => line)).toEqual(marked);
    for (const finding of findings) expect(finding).toMatchObject({ level, page, hint: mend });
  });

  test('says why, with a page of AWS', () => {
    expect(why).toMatch(/\.$/);
    expect(mend.length).toBeGreaterThan(10);
    expect(page).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
  });
});

const open = `Resources:
  Role:
    Type: AWS::IAM::Policy
    Metadata: { Sluice: { resource-wildcard: REASON } }
    Properties:
      PolicyDocument:
        Statement: { Effect: Allow, Action: config:PutEvaluations, Resource: "*" }
`;

describe('a waiver', () => {
  test('with a reason takes the finding back, and is told with it', () => {
    const reason = 'this action knows no resources';
    const findings = auditTemplate(open.replace('REASON', `"${reason}"`), 't.yaml');
    expect(findings).toMatchObject([{ rule: 'resource-wildcard', level: 'waived', reason }]);
  });

  test('without a reason waives nothing', () => {
    const findings = auditTemplate(open.replace('REASON', 'ok'), 't.yaml');
    expect(findings.map(({ rule, level }) => `${rule} ${level}`)).toEqual([
      'waiver-unused warning',
      'resource-wildcard error',
    ]);
  });

  test('of what is not there is a finding itself', () => {
    const text = open.replace('resource-wildcard: REASON', 'queue-redrive: "a queue of others"');
    expect(auditTemplate(text, 't.yaml').map(({ rule }) => rule)).toContain('waiver-unused');
  });
});

describe('what is no template', () => {
  test.each([
    ['text', 'hello'],
    ['broken YAML', 'Resources: [\n  {'],
    ['without resources', '{"StartAt": "a"}'],
    ['two documents', 'Resources: {}\n---\nResources: {}\n'],
    ['larger than AWS takes', `Resources: {}\n# ${'x'.repeat(1_100_000)}`],
  ])('is told as one finding: %s', (_, text) => {
    expect(auditTemplate(text, 't')).toMatchObject([{ rule: 'template', level: 'error' }]);
  });
});

test('JSON is read as YAML is, with the same places', () => {
  const text = '{\n "Resources": {\n  "Inbox": {\n   "Type": "AWS::SQS::Queue"\n  }\n }\n}';
  expect(auditTemplate(text, 't.json')).toMatchObject([{ rule: 'queue-redrive', line: 3, column: 3 }]);
});

test('no value of the template is in a message', () => {
  const { bad } = pair('secret-in-text');
  const said = JSON.stringify([
    ...auditTemplate(bad, 't'),
    ...auditTemplate(pair('secret-in-variables').bad, 't'),
    ...auditTemplate(pair('password-in-property').bad, 't'),
  ]);
  expect(said).toContain('secret-in-variables');
  for (const value of ['hunter2', 'AKIAABCDEFGHIJKLMNOP']) expect(said).not.toContain(value);
});

test('a whole stack of a receiver has no finding, as YAML and as JSON', () => {
  const text = readFileSync(join(folder, '../stacks/receiver.yaml'), 'utf8');
  expect(auditTemplate(text, 'receiver.yaml').filter(({ level }) => level !== 'waived')).toEqual([]);
  expect(auditTemplate(text, 'receiver.yaml')).toHaveLength(1);
  const json = readFileSync(join(folder, '../stacks/receiver.json'), 'utf8');
  expect(auditTemplate(json, 'receiver.json').map(({ rule, level }) => [rule, level])).toEqual([
    ['resource-wildcard', 'waived'],
  ]);
});

test('nothing is found in the stacks that the repository holds, but what they say the reason of', () => {
  const stacks = join(folder, '../stacks');
  const files = readdirSync(stacks, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.template.json'),
  );
  expect(files.length).toBeGreaterThanOrEqual(7);
  const all = files.flatMap((file) => auditTemplate(readFileSync(join(stacks, file), 'utf8'), file));
  expect(all.filter(({ level }) => level !== 'waived')).toEqual([]);
  expect(all.length).toBeGreaterThan(10);
});

test('the stack that it replaces has every fault that it had', () => {
  const text = readFileSync(join(folder, '../stacks/handmade.yaml'), 'utf8');
  const errors = auditTemplate(text, 'handmade.yaml').filter(({ level }) => level === 'error');
  expect([...new Set(errors.map(({ rule }) => rule))].sort()).toEqual([
    'action-wildcard',
    'bucket-public',
    'bucket-tls',
    'log-retention',
    'parameter-shown',
    'principal-anyone',
    'queue-concurrency',
    'queue-redrive',
    'queue-visibility',
    'resource-wildcard',
    'runtime-outdated',
    'secret-in-variables',
    'service-without-source',
    'stream-destination',
    'stream-retries',
  ]);
});

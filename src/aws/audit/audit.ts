import type { AuditLevel, Found, Rule } from './rule.js';
import { rules } from './rules.js';
import { readTemplate, type Template, type TemplatePath, type TemplatePlace } from './template.js';
import { type Fields, fieldsOf } from './value.js';

export interface AuditFinding extends TemplatePlace {
  readonly file: string;
  /** Of a rule; `template`: the file is none; `waiver-unused`. */
  readonly rule: string;
  /** waived: the template says why it is so. */
  readonly level: AuditLevel | 'waived';
  /** `Resources.Inbox.Properties.VisibilityTimeout`. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  readonly page?: string;
  /** The reason that is written in the template. */
  readonly reason?: string;
}

/** Where a template says why a rule does not hold: `Metadata: { Sluice: { rule-id: "reason" } }`. */
const WAIVERS = 'Sluice';
/** A reason says something. */
const SHORTEST_REASON = 10;

/** Looks a template over by every rule. Pure; never throws for what the text holds. In the order of the document. */
export function auditTemplate(text: string, file: string): readonly AuditFinding[] {
  const read = readTemplate(text, file);
  if ('mistake' in read) {
    const { mistake: message, place } = read;
    const hint =
      'JSON or YAML with Resources is expected, as `cdk synth` or `aws cloudformation get-template` gives it';
    return [{ file, ...place, rule: 'template', level: 'error', path: '', message, hint }];
  }
  const { template } = read;
  const used = new Set<string>();
  const findings = rules.flatMap((rule) =>
    [...rule.check(template)].map((found) => judged(template, rule, found, used)),
  );
  const all = [...findings, ...unusedWaivers(template, used)];
  return all.sort((one, other) => one.line - other.line || one.column - other.column || byRule(one, other));
}

function byRule(one: AuditFinding, other: AuditFinding): number {
  return one.rule < other.rule ? -1 : one.rule > other.rule ? 1 : 0;
}

function judged(template: Template, rule: Rule, found: Found, used: Set<string>): AuditFinding {
  const { resource, path, message } = found;
  const reason = waiversOf(resource?.metadata ?? template.metadata)[rule.id];
  const isWaived = typeof reason === 'string' && reason.trim().length >= SHORTEST_REASON;
  if (isWaived) used.add(`${resource?.name ?? ''} ${rule.id}`);
  return {
    file: template.file,
    ...template.place(path),
    rule: rule.id,
    level: isWaived ? 'waived' : rule.level,
    path: pathText(path),
    message,
    hint: rule.mend,
    page: rule.page,
    ...(isWaived ? { reason: reason.trim() } : {}),
  };
}

function waiversOf(metadata: Fields): Fields {
  return fieldsOf(metadata[WAIVERS]);
}

/** A waiver of nothing hides what may come later. */
function unusedWaivers(template: Template, used: ReadonlySet<string>): readonly AuditFinding[] {
  const places = [
    { name: '', metadata: template.metadata, path: ['Metadata'] as TemplatePath },
    ...template.resources.map(({ name, metadata }) => ({
      name,
      metadata,
      path: ['Resources', name, 'Metadata'] as TemplatePath,
    })),
  ];
  return places.flatMap(({ name, metadata, path }) =>
    Object.keys(waiversOf(metadata))
      .filter((id) => !used.has(`${name} ${id}`))
      .map((id): AuditFinding => {
        const at = [...path, WAIVERS, id];
        return {
          file: template.file,
          ...template.place(at),
          rule: 'waiver-unused',
          level: 'warning',
          path: pathText(at),
          message: `${id} is waived here and nothing is found by it, or the reason has less than ${SHORTEST_REASON} characters`,
          hint: 'take it away, or write the reason out',
        };
      }),
  );
}

function pathText(path: TemplatePath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index > 0 ? `.${part}` : part))
    .join('');
}

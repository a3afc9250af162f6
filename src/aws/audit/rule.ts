import type { Resource, Template, TemplatePath } from './template.js';

export type AuditLevel = 'error' | 'warning';

/** One thing that templates are looked over for. Rules are pure; what is known only when deployed is no finding. */
export interface Rule {
  /** `queue-visibility`: never renamed, since waivers name it. */
  readonly id: string;
  readonly level: AuditLevel;
  /** What goes wrong. */
  readonly why: string;
  /** AWS's page about it. */
  readonly page: string;
  /** What to write instead. */
  readonly mend: string;
  check(template: Template): Iterable<Found>;
}

export interface Found {
  /** The resource whose metadata may waive the rule; absent for what is in none. */
  readonly resource?: Resource;
  readonly path: TemplatePath;
  readonly message: string;
}

/** At a property of a resource: `found(queue, ['VisibilityTimeout'], …)`. Values that are secret do not belong into the message. */
export function found(resource: Resource, at: TemplatePath, message: string): Found {
  const path = ['Resources', resource.name, 'Properties', ...at];
  return { resource, path, message: `${resource.name} ${message}` };
}

/** Everything of these types. */
export function ofType(template: Template, ...types: readonly string[]): readonly Resource[] {
  return template.resources.filter(({ type }) => types.includes(type));
}

import type { Fields } from './template.js';

/** Why something that a rule would find is as it is: rule → reason. */
export interface Waivers {
  /** Rules of `sluice audit`. */
  readonly audit?: Readonly<Record<string, string>>;
  /** https://www.checkov.io/5.Policy%20Index/cloudformation.html */
  readonly checkov?: Readonly<Record<string, string>>;
  /** Rules of cdk-nag, with the finding where there are several: `AwsSolutions-IAM5[Resource::*]`. */
  readonly nag?: Readonly<Record<string, string>>;
}

/** The metadata of a resource that says all these, where each tool looks for it. */
export function metadataOf(...all: readonly Waivers[]): { readonly Metadata?: Fields } {
  const audit = merged(all.map((each) => each.audit));
  const checkov = merged(all.map((each) => each.checkov));
  const nag = merged(all.map((each) => each.nag));
  const said = {
    ...(audit.length === 0 ? {} : { Sluice: Object.fromEntries(audit) }),
    ...(checkov.length === 0 ? {} : { checkov: { skip: checkov.map(([id, comment]) => ({ id, comment })) } }),
    ...(nag.length === 0
      ? {}
      : { cdk_nag: { rules_to_suppress: nag.map(([id, reason]) => ({ id, reason })) } }),
  };
  return Object.keys(said).length === 0 ? {} : { Metadata: said };
}

function merged(parts: readonly (Readonly<Record<string, string>> | undefined)[]): [string, string][] {
  const all = new Map(parts.flatMap((part) => Object.entries(part ?? {})));
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1));
}

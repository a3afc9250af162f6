/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: of all inline policies of a role together */
export const MAX_INLINE_CHARS = 10_240;
/** The same page: of a managed policy. */
export const MAX_MANAGED_CHARS = 6144;
/** The same page: of a role, unless more were asked for. */
export const MAX_MANAGED_POLICIES = 10;
/** The same page: of who may assume a role, unless more was asked for. */
export const MAX_TRUST_CHARS = 2048;

/** As IAM counts a document: without white space. */
export function policyChars(document: unknown): number {
  return JSON.stringify(document).replaceAll(/\s/g, '').length;
}

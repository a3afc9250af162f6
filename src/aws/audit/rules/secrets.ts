import { type Found, found, ofType, type Rule } from '../rule.js';
import type { Template, TemplatePath } from '../template.js';
import { type Fields, fieldsOf, isFields, isTrue, textOf } from '../value.js';

const secretName =
  /pass(word|wd|phrase)?(_?(val|value|text|plain))?$|pwd$|secret(_?(key|value|text))?$|api_?key$|private_?key$|(access|auth|bearer)_?token$|^token$|credentials?$/i;

/** What points to a secret is none: an ARN, a path of Secrets Manager. */
function isPointer(text: string): boolean {
  return /^arn:/.test(text) || /\$\{[^}]*(Secret|Arn)[^}]*\}/.test(text) || text === '';
}

export const secretInVariables: Rule = {
  id: 'secret-in-variables',
  level: 'error',
  why: "Everybody who may see a function's configuration reads its variables, also where the value came from a parameter or a dynamic reference.",
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-encryption',
  mend: 'Give the function the ARN of a secret (`SHOP_SECRET_ARN`) and let it read that with its role.',
  *check(template) {
    for (const fn of ofType(template, 'AWS::Lambda::Function', 'AWS::Serverless::Function')) {
      const variables = fieldsOf(fieldsOf(fn.properties['Environment'])['Variables']);
      for (const [name, value] of Object.entries(variables)) {
        const text = textOf(value);
        if (!secretName.test(name) || text === undefined || isPointer(text)) continue;
        yield found(fn, ['Environment', 'Variables', name], `has a secret in its variable ${name}`);
      }
    }
  },
};

export const parameterShown: Rule = {
  id: 'parameter-shown',
  level: 'error',
  why: 'A parameter without NoEcho is shown to whoever may describe the stack, and a default stands in the template itself.',
  page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html#creds',
  mend: 'Take the ARN of a secret as parameter, or a dynamic reference: `{{resolve:secretsmanager:…}}`.',
  *check(template) {
    for (const [name, parameter] of Object.entries(template.parameters)) {
      if (!secretName.test(name) || /^AWS::SSM::/.test(String(parameter['Type']))) continue;
      const said = shownBy(parameter);
      if (said !== undefined) yield { path: ['Parameters', name], message: `the parameter ${name} ${said}` };
    }
  },
};

function shownBy(parameter: Fields): string | undefined {
  if (!isTrue(parameter['NoEcho'])) return 'is a secret and has no NoEcho';
  const text = textOf(parameter['Default']);
  return text === undefined || text === '' ? undefined : 'is a secret and has a default';
}

const passwordFields =
  /^(Master(User)?Password|Password|SecretString|AuthToken|OAuthToken|ClientSecret|MasterUserSecret)$/;

export const passwordInProperty: Rule = {
  id: 'password-in-property',
  level: 'error',
  why: 'A template is a text that many read and that is kept with its history.',
  page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html',
  mend: 'Use `ManageMasterUserPassword: true`, `GenerateSecretString`, or `{{resolve:secretsmanager:…}}`.',
  *check(template) {
    for (const resource of template.resources) {
      for (const [path, text] of textsBelow(resource.properties)) {
        const name = path.at(-1);
        if (typeof name !== 'string' || !passwordFields.test(name)) continue;
        if (text === '' || text.startsWith('{{resolve:') || text.includes('${')) continue;
        yield found(resource, path, `has a password in ${name}`);
      }
    }
  },
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes */
const secretForms: readonly (readonly [RegExp, string])[] = [
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, 'an access key of AWS'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]+:[^\s/:@${]+@/i, 'a URL with a password'],
];

export const secretInText: Rule = {
  id: 'secret-in-text',
  level: 'error',
  why: 'What has the form of a key or password is one, until somebody has proved that it is not.',
  page: 'https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html',
  mend: 'Take it out, change it where it is used (it is known now), and keep the new one in Secrets Manager.',
  *check(template): Generator<Found> {
    yield* secretTexts(template);
  },
};

function* secretTexts(template: Template): Generator<Found> {
  for (const [path, text] of textsBelow(template.whole)) {
    const form = secretForms.find(([pattern]) => pattern.test(text));
    if (!form) continue;
    const [section, name] = path;
    const resource = section === 'Resources' ? template.resource(String(name)) : undefined;
    yield { path, message: `here stands ${form[1]}`, ...(resource ? { resource } : {}) };
  }
}

/** Every text at or below the value, with the way to it. */
function* textsBelow(value: unknown, path: TemplatePath = []): Generator<readonly [TemplatePath, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* textsBelow(each, [...path, index]);
  } else if (isFields(value)) {
    for (const [name, each] of Object.entries(value)) yield* textsBelow(each, [...path, name]);
  }
}

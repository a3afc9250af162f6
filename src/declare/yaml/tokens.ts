import { Composer, CST, type Document, Lexer, Parser } from 'yaml';
import type { DocumentPath } from '../document-path.js';
import { MAX_ALIASES, MAX_DEPTH, MAX_TOKENS } from '../limits.js';
import type { Mistake } from '../report.js';

/** Says what is wrong with the text at an offset. */
export type SayAt = (offset: number, mistake: Mistake, path?: DocumentPath) => void;

/** The parser keeps the document, the scalar at hand and some tokens beside one entry for each level. */
const MAX_STACK = MAX_DEPTH + 8;

/**
 * The first document of a text, or undefined if a limit was passed. What declarations do without (tags,
 * directives, more documents, too much nesting) is found among the tokens, before anything recursive sees them.
 */
export function compose(text: string, say: SayAt): Document.Parsed | undefined {
  const tokens = readTokens(text, say);
  if (!tokens) return undefined;
  const options = {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    intAsBigInt: true,
  } as const;
  const [first, second] = new Composer(options).compose(tokens, true, text.length);
  if (second) {
    say(second.range[0], secondDocument, []);
  }
  return first;
}

function readTokens(text: string, say: SayAt): CST.Token[] | undefined {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  const counts = { tokens: 0, aliases: 0, faults: 0 };
  let insideScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    const { offset } = parser;
    const type = insideScalar ? 'scalar' : CST.tokenType(lexeme);
    insideScalar = lexeme === CST.SCALAR;
    for (const token of parser.next(lexeme)) {
      tokens.push(token);
      if (token.type === 'error') counts.faults++;
    }
    counts.tokens++;
    if (type === 'alias') counts.aliases++;
    if (type === 'tag' || type === 'directive-line') {
      say(offset, refusedTokens[type]);
      counts.faults++;
    }
    const excess = excessOf(parser.stack.length, counts);
    if (excess !== undefined) {
      say(offset, { code: 'too_large', message: excess });
      return undefined;
    }
  }
  tokens.push(...parser.end());
  return tokens;
}

/** Nobody reads on after so many mistakes of one kind. */
const MAX_FAULTS = 100;

interface Counts {
  readonly tokens: number;
  readonly aliases: number;
  readonly faults: number;
}

function excessOf(depth: number, { tokens, aliases, faults }: Counts): string | undefined {
  if (depth > MAX_STACK) return `nested deeper than ${MAX_DEPTH} levels`;
  if (aliases > MAX_ALIASES) return `more than ${MAX_ALIASES} aliases`;
  if (faults > MAX_FAULTS) return `more than ${MAX_FAULTS} mistakes up to here: is this YAML?`;
  return tokens > MAX_TOKENS ? `more than ${MAX_TOKENS} words and signs` : undefined;
}

const secondDocument: Mistake = {
  code: 'yaml_feature',
  message: 'a second document in one file',
  hint: 'one file holds one pipeline: take the --- away or make two files',
};

const refusedTokens = {
  tag: {
    code: 'yaml_feature',
    message: 'tags are not allowed',
    hint: 'write the value without it; quote it to make it text',
  },
  'directive-line': {
    code: 'yaml_feature',
    message: 'directives are not allowed',
    hint: 'take the line that begins with % away; the file is read as YAML 1.2',
  },
} as const satisfies Record<string, Mistake>;

import type { Attribute } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { visibleText } from '../values/visible-text.js';
import type { KnownShape } from './check/known-shape.js';
import { ParsedDocument } from './json/parsed-document.js';
import type { OpenRow } from './open-row.js';

/** Rows that later ones are compared with. */
const FIRST_ROWS = 1000;
/** Members that are counted, of all documents together, and levels of documents. */
const MAX_FIELDS = 500;
const MAX_LEVELS = 8;
const MAX_FINDINGS = 50;
const MAX_PATH = 200;
/** Rates of NULL and of absence are told where they changed by this much, of at least so many. */
const MIN_RATE_CHANGE = 0.1;
const MIN_RATED = 100;

type Kind = 'text' | 'number' | 'boolean' | 'bytes' | 'set' | 'list' | 'map' | 'null';

/** One way in which rows are not as the schema says, or as the first rows were. Holds names, never values. */
export interface DriftFinding {
  readonly path: string;
  /** new: no schema, or none of the first rows, has it. type: nor this type of it. nulls, absent: their rate changed. */
  readonly what: 'new' | 'type' | 'nulls' | 'absent';
  readonly rows: number;
  /** Rows, or documents, that could have it. */
  readonly of: number;
  /** new and type: how often it was what. */
  readonly kinds?: Readonly<Partial<Record<Kind, number>>>;
  /** nulls and absent: the rate among the first rows, 0 to 1. */
  readonly before?: number;
}

export interface DriftReport {
  readonly rows: number;
  readonly findings: readonly DriftFinding[];
  /** Members, or findings, beyond what is kept. */
  readonly more: number;
}

/** What a process has counted, for another that puts several together: plain JSON, names and numbers. */
export interface DriftCounts {
  readonly rows: number;
  readonly uncounted: number;
  readonly fields: FieldCounts;
}

type KindCounts = Readonly<Partial<Record<Kind, number>>>;

/** Of one member: in all rows, in the first ones, and its own members. */
type FieldCounts = readonly [
  all: KindCounts,
  first: KindCounts,
  members: readonly (readonly [name: string, counts: FieldCounts])[],
];

/** How rows differ from a schema or from the first of them. Counts in bounded memory; looks at rows before they are checked. */
export class Drift {
  readonly #root = new Field();
  readonly #shapes: ReadonlyMap<string, KnownShape>;
  readonly #whole: KnownShape | undefined;
  #rows = 0;
  #fields = 0;
  #uncounted = 0;

  /** Shapes of the columns that a schema is about, and of the whole item. */
  constructor(shapes: ReadonlyMap<string, KnownShape> = new Map(), whole?: KnownShape) {
    this.#shapes = shapes;
    this.#whole = whole;
  }

  note(row: OpenRow, columns: readonly Column[]): void {
    const isFirst = this.#rows < FIRST_ROWS;
    this.#rows++;
    this.#root.count('map', isFirst);
    for (const [place, { name, type }] of columns.entries()) {
      const cell = row[place];
      if (cell === undefined) continue;
      const field = this.#member(this.#root, name);
      if (!field) continue;
      if (cell instanceof ParsedDocument) {
        if (cell.plain === undefined) this.#attribute(field, cell.attribute(), isFirst, 1);
        else this.#plain(field, cell.plain, isFirst, 1);
      } else if (cell === null || typeof cell !== 'object') {
        const isNumber = type === 'int' || type === 'decimal' || type === 'float';
        field.count(typeof cell === 'string' && isNumber ? 'number' : kindOf(cell), isFirst);
      } else if (cell instanceof Uint8Array) field.count('bytes', isFirst);
      else this.#attribute(field, cell, isFirst, 1);
    }
  }

  /** Adds what another process has counted, later than those before: its first rows are first ones while there are too few. */
  add({ rows, uncounted, fields }: DriftCounts): void {
    const first = this.#rows < FIRST_ROWS;
    this.#rows += rows;
    this.#uncounted += uncounted;
    this.#addTo(this.#root, fields, first);
  }

  #addTo(field: Field, [all, firstOnes, members]: FieldCounts, first: boolean): void {
    field.add(all, first ? firstOnes : {});
    for (const [name, counts] of members) {
      const member = this.#member(field, name);
      if (member) this.#addTo(member, counts, first);
    }
  }

  counts(): DriftCounts {
    return { rows: this.#rows, uncounted: this.#uncounted, fields: this.#root.counts() };
  }

  report(): DriftReport {
    const findings = [...this.#root.members].flatMap(([name, field]) =>
      this.#findings(field, [name], this.#root, this.#shapeOf(name)),
    );
    const kept = findings.sort((one, other) => other.rows - one.rows).slice(0, MAX_FINDINGS);
    return { rows: this.#rows, findings: kept, more: this.#uncounted + findings.length - kept.length };
  }

  #shapeOf(column: string): KnownShape | 'unknown' | undefined {
    const own = this.#shapes.get(column);
    if (own || !this.#whole) return own;
    return this.#whole.member(column) ?? 'unknown';
  }

  #plain(field: Field, value: unknown, isFirst: boolean, level: number): void {
    field.count(kindOf(value), isFirst);
    if (typeof value !== 'object' || value === null || level >= MAX_LEVELS || Array.isArray(value)) return;
    for (const name in value) {
      const member = this.#member(field, name);
      if (member) this.#plain(member, (value as Record<string, unknown>)[name], isFirst, level + 1);
    }
  }

  #attribute(field: Field, attribute: Attribute, isFirst: boolean, level: number): void {
    field.count(kindOfAttribute(attribute), isFirst);
    if (!('M' in attribute) || level >= MAX_LEVELS) return;
    for (const [name, part] of Object.entries(attribute.M)) {
      const member = this.#member(field, name);
      if (member) this.#attribute(member, part, isFirst, level + 1);
    }
  }

  #member(field: Field, name: string): Field | undefined {
    const known = field.members.get(name);
    if (known) return known;
    if (this.#fields >= MAX_FIELDS) {
      this.#uncounted++;
      return undefined;
    }
    this.#fields++;
    const made = new Field();
    field.members.set(name, made);
    return made;
  }

  /** `shape`: what the schema knows of it; 'unknown' where the schema does not, undefined where there is none. */
  #findings(
    field: Field,
    path: readonly string[],
    parent: Field,
    shape: KnownShape | 'unknown' | undefined,
  ): readonly DriftFinding[] {
    const about = { path: path.map(visibleText).join('.').slice(0, MAX_PATH), of: parent.maps };
    const isNew = shape === 'unknown' || (shape === undefined && field.firstSeen === 0);
    if (isNew) {
      const kinds = Object.fromEntries(field.kinds);
      return field.seen > field.firstSeen || shape
        ? [{ ...about, what: 'new', rows: field.seen, kinds }]
        : [];
    }
    const found: DriftFinding[] = [];
    const types = shape instanceof Object ? shape.types : undefined;
    const odd = [...field.kinds].filter(([kind]) => (types ? !allows(types, kind) : field.isLate(kind)));
    const rows = odd.reduce((sum, [, count]) => sum + count, 0);
    if (rows > 0) found.push({ ...about, what: 'type', rows, kinds: Object.fromEntries(odd) });
    const nulls = changedRate(field.firstNulls, field.firstSeen, field.nulls, field.seen);
    if (nulls !== undefined) found.push({ ...about, what: 'nulls', rows: field.nulls, before: nulls });
    const [gone, goneFirst] = [parent.maps - field.seen, parent.firstMaps - field.firstSeen];
    const absent = changedRate(goneFirst, parent.firstMaps, gone, parent.maps);
    if (absent !== undefined) found.push({ ...about, what: 'absent', rows: gone, before: absent });
    return [
      ...found,
      ...[...field.members].flatMap(([name, member]) => {
        const below = shape instanceof Object ? (shape.member(name) ?? 'unknown') : undefined;
        return this.#findings(member, [...path, name], field, below);
      }),
    ];
  }
}

/** Counts of one member: in all rows, and in the first ones. */
class Field {
  readonly members = new Map<string, Field>();
  readonly kinds = new Map<Kind, number>();
  readonly #first = new Map<Kind, number>();
  seen = 0;
  firstSeen = 0;

  count(kind: Kind, isFirst: boolean): void {
    this.seen++;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    if (!isFirst) return;
    this.firstSeen++;
    this.#first.set(kind, (this.#first.get(kind) ?? 0) + 1);
  }

  add(all: KindCounts, first: KindCounts): void {
    this.seen += addKinds(this.kinds, all);
    this.firstSeen += addKinds(this.#first, first);
  }

  counts(): FieldCounts {
    const members = [...this.members].map(([name, member]) => [name, member.counts()] as const);
    return [Object.fromEntries(this.kinds), Object.fromEntries(this.#first), members];
  }

  get nulls(): number {
    return this.kinds.get('null') ?? 0;
  }

  get firstNulls(): number {
    return this.#first.get('null') ?? 0;
  }

  get maps(): number {
    return this.kinds.get('map') ?? 0;
  }

  get firstMaps(): number {
    return this.#first.get('map') ?? 0;
  }

  /** No first row had it of this type, though it had it. NULL is told as a rate. */
  isLate(kind: Kind): boolean {
    return kind !== 'null' && this.firstSeen > 0 && !this.#first.has(kind);
  }
}

/** Gives how many were added. */
function addKinds(sum: Map<Kind, number>, more: KindCounts): number {
  let added = 0;
  for (const [kind, count] of Object.entries(more) as [Kind, number][]) {
    sum.set(kind, (sum.get(kind) ?? 0) + count);
    added += count;
  }
  return added;
}

/** The rate before; undefined where it has not changed by much, or too few are there to tell. */
function changedRate(first: number, ofFirst: number, all: number, ofAll: number): number | undefined {
  const ofLate = ofAll - ofFirst;
  if (ofFirst < MIN_RATED || ofLate < MIN_RATED) return undefined;
  const before = first / ofFirst;
  const change = Math.abs((all - first) / ofLate - before);
  return change >= MIN_RATE_CHANGE ? before : undefined;
}

const schemaTypes: Readonly<Record<Kind, readonly string[]>> = {
  text: ['string'],
  bytes: ['string'],
  number: ['number', 'integer'],
  boolean: ['boolean'],
  set: ['array'],
  list: ['array'],
  map: ['object'],
  null: ['null'],
};

function allows(types: ReadonlySet<string>, kind: Kind): boolean {
  return schemaTypes[kind].some((type) => types.has(type));
}

function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return Array.isArray(value) ? 'list' : 'map';
}

function kindOfAttribute(attribute: Attribute): Kind {
  if ('S' in attribute) return 'text';
  if ('N' in attribute) return 'number';
  if ('M' in attribute) return 'map';
  if ('L' in attribute) return 'list';
  if ('BOOL' in attribute) return 'boolean';
  if ('NULL' in attribute) return 'null';
  return 'B' in attribute ? 'bytes' : 'set';
}

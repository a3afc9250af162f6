/**
 * The rows that every measurement moves: about 200 bytes as a DynamoDB item (names and values), with numbers,
 * exact decimals, text with quotes and accents, microseconds and NULLs. A row is a pure function of its id, so
 * that the table, the prepared file and the canned pages hold the same data without being copied from each other.
 */

export const TABLE_DEFINITION = `(
  id BIGINT NOT NULL PRIMARY KEY,
  customer_id INT NOT NULL,
  status VARCHAR(20) NOT NULL,
  total DECIMAL(10,2) NOT NULL,
  quantity INT NOT NULL,
  email VARCHAR(60) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  note VARCHAR(160) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

const statuses = ['new', 'paid', 'packed', 'shipped', 'delivered', 'returned'];
const notes = [
  'Leave the parcel with the neighbour on the second floor, and ring at the door',
  'The customer\'s own wording: it\'s "urgent", call half an hour before delivery',
  'Livré à Besançon, étage 3, sonner deux fois, merci beaucoup à vous tous',
  'Gift wrap, no invoice in the box, deliver on a weekday before ten',
];

const pad = (/** @type {number} */ number, /** @type {number} */ width) =>
  String(number).padStart(width, '0');

/**
 * Cells in the table's column order, as MySQL prints them; NULL is null.
 * @param {number} id from 1
 * @returns {(string | null)[]}
 */
export function rowOf(id) {
  const mixed = Math.imul(id, 2654435761) >>> 0;
  const cents = mixed % 10_000_000;
  const day = 1 + (mixed % 28);
  const month = 1 + ((mixed >>> 5) % 12);
  const time = `${pad((mixed >>> 9) % 24, 2)}:${pad((mixed >>> 3) % 60, 2)}:${pad((mixed >>> 7) % 60, 2)}`;
  return [
    String(id),
    String(100_000 + (mixed % 900_000)),
    statuses[mixed % statuses.length] ?? '',
    `${Math.floor(cents / 100)}.${pad(cents % 100, 2)}`,
    String(1 + (mixed % 99)),
    `customer.${mixed % 900_000}@example.com`,
    `2026-${pad(month, 2)}-${pad(day, 2)} ${time}.${pad(mixed % 1_000_000, 6)}`,
    mixed % 10 === 0 ? null : (notes[mixed % notes.length] ?? ''),
  ];
}

/**
 * The row as `LOAD DATA` reads it by default: tabs between, a backslash before what is special.
 * @param {number} id
 */
export function fileLineOf(id) {
  return `${rowOf(id)
    .map((cell) => cell ?? '\\N')
    .join('\t')}\n`;
}

/**
 * The row as DynamoDB's JSON protocol spells an item.
 * @param {number} id
 */
export function itemTextOf(id) {
  const [key, customer, status, total, quantity, email, created, note] = rowOf(id);
  const noteText = note === null ? '{"NULL":true}' : `{"S":${JSON.stringify(note)}}`;
  return (
    `{"id":{"N":"${key}"},"customer_id":{"N":"${customer}"},"status":{"S":"${status}"},` +
    `"total":{"N":"${total}"},"quantity":{"N":"${quantity}"},"email":{"S":"${email}"},` +
    `"created_at":{"S":"${created?.replace(' ', 'T')}"},"note":${noteText}}`
  );
}

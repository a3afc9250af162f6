import type { ShopTable } from './column.js';
import { text, two } from './literal.js';

const names = ['Ada', 'Zoë', 'Σωκράτης', '山田', "O'Neil", 'Åsa', 'Łukasz', 'Ana María'] as const;

/** One for every ten orders. The key is text, so that a partition key of that kind is seen too. */
export const customers: ShopTable = {
  name: 'customers',
  columns: [
    {
      name: 'email',
      definition: 'VARCHAR(80) COLLATE utf8mb4_bin NOT NULL',
      value: ({ index }) => `'customer${index}@example.com'`,
    },
    { name: 'customer_id', definition: 'INT UNSIGNED NOT NULL', value: ({ index }) => String(index + 1) },
    {
      name: 'name',
      definition: 'VARCHAR(80) NOT NULL',
      value: ({ index, random }) => text(`${random.pick(names)} ${index}`),
    },
    {
      name: 'country',
      definition: 'CHAR(2) NOT NULL',
      value: ({ random }) => `'${random.pick(['JP', 'DE', 'IE', 'PT'])}'`,
    },
    {
      name: 'joined',
      definition: 'DATE NULL',
      value: ({ random }) =>
        `'20${two(random.whole(10, 26))}-0${random.whole(1, 9)}-${two(random.whole(1, 28))}'`,
    },
    { name: 'newsletter', definition: 'BOOL NOT NULL', value: ({ random }) => String(random.whole(0, 1)) },
    {
      name: 'credit',
      definition: 'DECIMAL(12,4) NULL',
      value: ({ random }) => (random.once(3) ? 'NULL' : `-${random.whole(0, 99)}.${random.digits(4)}`),
    },
  ],
  keys: ['PRIMARY KEY (email)', 'UNIQUE KEY by_number (customer_id)'],
};

/** Lines of each order: their numbers within it are the second part of the key. */
export const LINES_PER_ORDER = 2;

export const orderLines: ShopTable = {
  name: 'order_lines',
  columns: [
    {
      name: 'order_number',
      definition: 'INT UNSIGNED NOT NULL',
      value: ({ index }) => String(Math.floor(index / LINES_PER_ORDER)),
    },
    {
      name: 'line',
      definition: 'SMALLINT UNSIGNED NOT NULL',
      value: ({ index }) => String((index % LINES_PER_ORDER) + 1),
    },
    { name: 'sku', definition: 'VARCHAR(20) NOT NULL', value: ({ random }) => `'SKU-${random.hex(3)}'` },
    { name: 'quantity', definition: 'SMALLINT NOT NULL', value: ({ random }) => String(random.whole(1, 9)) },
    {
      name: 'price',
      definition: 'DECIMAL(10,2) NOT NULL',
      value: ({ random }) => `${random.whole(1, 300)}.${two(random.whole(0, 99))}`,
    },
  ],
  keys: ['PRIMARY KEY (order_number, line)'],
};

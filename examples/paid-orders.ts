// The paid orders of a shop, with what they come to in words, as DynamoDB items. A declaration in TypeScript has the
// same fields as one in YAML, and functions that see each row.
//
//   sluice check examples/paid-orders.ts
//   sluice run examples/paid-orders.ts
import { copy, pipeline } from 'sluice';

/** What `row` sees: integers are bigint; decimals are exact text; dates and times are ISO 8601. */
interface Order {
  readonly order_id: bigint;
  readonly placed_at: string;
  readonly total: string;
  readonly currency: string;
}

export default pipeline({
  pipeline: 'paid-orders',
  connections: {
    shop: {
      kind: 'mysql',
      host: { env: 'SHOP_HOST' },
      port: { env: 'SHOP_PORT' },
      user: { env: 'SHOP_USER' },
      password: { env: 'SHOP_PASSWORD' },
      database: { env: 'SHOP_DATABASE' },
    },
    stage: { kind: 'dynamodb', region: 'eu-west-1' },
  },
  steps: [
    copy({
      copy: 'paid',
      from: {
        connection: 'shop',
        table: 'orders',
        columns: ['order_id', 'placed_at', 'total', 'currency'],
        where: "status = 'paid'",
      },
      to: { connection: 'stage', table: 'shop-paid-orders', mode: 'put', create: true },
      // What it returns is checked: a value that its column cannot hold is a reject, not a surprise.
      row: (order: Order) => ({
        ...order,
        day: order.placed_at.slice(0, 10),
        price: `${order.total} ${order.currency}`,
      }),
    }),
  ],
});

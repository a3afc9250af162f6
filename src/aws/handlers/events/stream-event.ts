/**
 * What Lambda hands a function for changes of a table: of one shard, in their order. The records are as GetRecords has them.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#events-sample-dynamodb
 */
export interface StreamEvent {
  readonly Records: readonly object[];
}

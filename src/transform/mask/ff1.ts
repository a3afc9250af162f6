import { createCipheriv } from 'node:crypto';

const BLOCK_BYTES = 16;
const ROUNDS = 10;
const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);

/**
 * FF1, the format-preserving cipher of NIST SP 800-38G, with an empty tweak unless one is given: a permutation of
 * all numeral strings of one length. `key` has 16, 24 or 32 bytes; a numeral is 0 to radix - 1 (at most 2^16); there
 * are at least two. https://doi.org/10.6028/NIST.SP.800-38G
 */
export function ff1(
  key: Buffer,
  radix: number,
  numerals: readonly number[],
  tweak: Buffer = Buffer.alloc(0),
): number[] {
  const length = numerals.length;
  const left = Math.floor(length / 2);
  const right = length - left;
  const halfBytes = bytesOf(BigInt(radix) ** BigInt(right) - 1n);
  const outputBytes = 4 * Math.ceil(halfBytes / 4) + 4;
  const head = Buffer.concat([header(radix, length, left, tweak), tweak]);
  const padding = Buffer.alloc(mod(-tweak.length - halfBytes - 1, BLOCK_BYTES));
  let a = numberOf(numerals.slice(0, left), radix);
  let b = numberOf(numerals.slice(left), radix);
  for (let round = 0; round < ROUNDS; round++) {
    const input = Buffer.concat([head, padding, Buffer.of(round), bytesFrom(b, halfBytes)]);
    const y = numberFrom(expand(key, lastBlock(key, input), outputBytes));
    const size = BigInt(radix) ** BigInt(round % 2 === 0 ? left : right);
    [a, b] = [b, (a + y) % size];
  }
  return [...numeralsOf(a, radix, left), ...numeralsOf(b, radix, right)];
}

/** The first block of every round: what is enciphered, in figures. */
function header(radix: number, length: number, left: number, tweak: Buffer): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set([1, 2, 1]);
  block.writeUIntBE(radix, 3, 3);
  block.set([ROUNDS, left % 256], 6);
  block.writeUInt32BE(length, 8);
  block.writeUInt32BE(tweak.length, 12);
  return block;
}

/** The PRF: the last block of AES in CBC mode. */
function lastBlock(key: Buffer, input: Buffer): Buffer {
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, ZERO_BLOCK).setAutoPadding(false);
  return cipher.update(input).subarray(-BLOCK_BYTES);
}

/** As many bytes as are asked for: the block, then ciphers of it with a counter. */
function expand(key: Buffer, block: Buffer, bytes: number): Buffer {
  const blocks = [block];
  for (let counter = 1; blocks.length * BLOCK_BYTES < bytes; counter++) {
    const next = Buffer.from(block);
    next.writeUInt32BE((next.readUInt32BE(12) ^ counter) >>> 0, 12);
    blocks.push(lastBlock(key, next));
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

function numberOf(numerals: readonly number[], radix: number): bigint {
  return numerals.reduce((sum, numeral) => sum * BigInt(radix) + BigInt(numeral), 0n);
}

function numeralsOf(number: bigint, radix: number, length: number): number[] {
  const numerals = new Array<number>(length);
  let rest = number;
  for (let place = length - 1; place >= 0; place--) {
    numerals[place] = Number(rest % BigInt(radix));
    rest /= BigInt(radix);
  }
  return numerals;
}

function bytesOf(number: bigint): number {
  return Math.ceil(number.toString(16).length / 2);
}

function bytesFrom(number: bigint, bytes: number): Buffer {
  return Buffer.from(number.toString(16).padStart(2 * bytes, '0'), 'hex');
}

function numberFrom(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function mod(number: number, modulus: number): number {
  return ((number % modulus) + modulus) % modulus;
}

import type { Refused } from '../connector.js';

export const loneSurrogate = /\p{Surrogate}/u;

export const notUnicode: Omit<Refused, 'row'> = {
  code: 'value_inexact',
  message: 'not valid Unicode text, which a file in UTF-8 cannot hold',
};

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

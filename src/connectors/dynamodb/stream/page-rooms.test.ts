import { describe, expect, it } from 'vitest';
import { PageRooms } from './page-rooms.js';

const MB = 1024 * 1024;

describe('rooms for pages', () => {
  it('serve again once they were given back, for pages that are no larger', () => {
    const rooms = new PageRooms();
    const page = rooms.take(300_000);
    expect(page.length).toBe(300_000);
    rooms.give(page);
    expect(rooms.take(MB).buffer).not.toBe(page.buffer);
    const next = rooms.take(250_000);
    expect([next.buffer, next.length]).toEqual([page.buffer, 250_000]);
    expect(rooms.take(250_000).buffer).not.toBe(page.buffer);
  });

  it('are never those of others, who may still look at them', () => {
    const rooms = new PageRooms();
    const foreign = [Buffer.alloc(300_000), Buffer.alloc(MB).subarray(8), Buffer.from('{"Records":[]}')];
    for (const page of foreign) rooms.give(page);
    const buffers = foreign.map(({ buffer }) => buffer);
    expect(buffers).not.toContain(rooms.take(1000).buffer);
  });

  it('are not kept without a limit while nobody needs them', () => {
    const rooms = new PageRooms();
    const pages = Array.from({ length: 40 }, () => rooms.take(MB));
    for (const page of pages) rooms.give(page);
    const kept = new Set(pages.map(({ buffer }) => buffer));
    const again = Array.from({ length: 40 }, () => rooms.take(MB)).filter(({ buffer }) => kept.has(buffer));
    expect(again.length).toBe(32);
  });
});

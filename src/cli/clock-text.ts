import { localText, localTime } from '../schedule/zone.js';

/** `+09:00`, what a zone's clock is ahead of UTC at an instant. */
function offsetText(zone: string, instant: number): string {
  const minutes = Math.round((localTime(zone, instant) - instant) / 60_000);
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** `2026-11-22T06:00:00+09:00`. */
export function zonedText(zone: string, instant: number): string {
  return `${localText(localTime(zone, instant))}${offsetText(zone, instant)}`;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** A local time as `Sun 2026-11-22 06:00`; with seconds where there are any. */
export function wallText(local: number): string {
  const date = new Date(local);
  const text = localText(local).replace('T', ' ');
  return `${weekdays[date.getUTCDay()]} ${text.endsWith(':00') ? text.slice(0, -3) : text}`;
}

/** The same at an instant in a zone, with what its clock is ahead of UTC. */
export function wallTextAt(zone: string, instant: number): string {
  return `${wallText(localTime(zone, instant))} ${offsetText(zone, instant)}`;
}

/** The zone of this machine. */
export function hereZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `2026-11-22T06:00:00Z`. */
export function utcText(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`;
}

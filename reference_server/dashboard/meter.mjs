/** How many events came, and how late, in each of the last seconds. */

export const SECONDS = 120;
/** Delays of one second of which the median is taken. */
const MOST_DELAYS = 1000;

/** All moments are in whole seconds of one clock, delays in milliseconds. */
export class Meter {
  #seconds = new Map();

  /** An event came; `delay` is null if nobody knows it. */
  event(second, delay) {
    const found = this.#at(second);
    found.events += 1;
    if (delay !== null && found.delays.length < MOST_DELAYS) found.delays.push(Math.max(0, delay));
  }

  /** A message was acknowledged, so many milliseconds after it was sent. */
  trip(second, delay) {
    const { trips } = this.#at(second);
    if (trips.length < MOST_DELAYS) trips.push(delay);
  }

  /** One row a second, oldest first, up to the last whole one; null where there is nothing to show. */
  rows(now) {
    const rows = [];
    for (let second = now - SECONDS; second < now; second += 1) {
      const { events = 0, delays = [], trips = [] } = this.#seconds.get(second) ?? {};
      rows.push({ events, delay: medianOf(delays), trip: medianOf(trips) });
    }
    for (const second of this.#seconds.keys()) if (second < now - SECONDS) this.#seconds.delete(second);
    return rows;
  }

  #at(second) {
    const found = this.#seconds.get(second) ?? { events: 0, delays: [], trips: [] };
    this.#seconds.set(second, found);
    return found;
  }
}

/** The median of some numbers, or null without any. */
export function medianOf(numbers) {
  if (numbers.length === 0) return null;
  return numbers.toSorted((one, two) => one - two)[numbers.length >> 1];
}

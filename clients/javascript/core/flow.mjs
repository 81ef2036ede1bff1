/** The flow of events: what a client has passed on, and what it has missed. */

/** The place of a client, and which events it passes on; `begin` is called for each session. */
export class Flow {
  /** The epoch, and the number up to which nothing is missing; null while it is not known. */
  place = null;
  /** Whether a replay with `data` has yet to come. */
  due = false;
  #epoch;
  #passed = 0;
  #begun = false;
  #floor = 0;
  #start;
  #before;
  #abandoned = false;
  #told = false;
  #open = false;
  #repairs = false;

  /** What an auth_response states of the place; CLIENT-39, CLIENT-40. */
  get stated() {
    return this.place === null ? {} : { last_seq: this.place.seq, last_epoch: this.place.epoch };
  }

  /**
   * A session begins; `asked` is whether the auth_response had a last_seq.
   * Returns whether the user may have missed events.
   */
  begin({ features, seq, epoch }, asked) {
    const missed = this.#begun && this.#missedBy(seq, epoch, asked && features.has("replay"));
    // CLIENT-38: in another epoch, and in a session that states none, all numbers are new.
    this.#floor = epoch !== undefined && epoch === this.#epoch ? this.#passed : 0;
    this.#repairs = features.has("replay");
    this.due = asked && this.#repairs;
    this.#begun = true;
    this.#epoch = epoch;
    this.#passed = this.#floor;
    this.#start = this.#before = seq;
    this.#abandoned = false;
    this.#told = missed;
    this.#open = true;
    if (!this.due) this.#settle();
    return missed;
  }

  /** CLIENT-36: another epoch, or numbers past the place that no replay will bring. */
  #missedBy(seq, epoch, due) {
    if (epoch !== this.#epoch) return true;
    if (due || this.place === null) return false;
    return this.place.epoch !== epoch || (seq !== undefined && seq > this.place.seq);
  }

  /** CLIENT-37: the session's number becomes the place, even if it is below what was seen. */
  #settle() {
    const known = this.#start !== undefined && this.#epoch !== undefined;
    this.place = known ? { epoch: this.#epoch, seq: this.#start } : null;
    if (this.#start !== undefined) this.#passed = this.#start;
  }

  /** The events of a replay to pass on, and whether the user may have missed others. */
  replay({ data, events }) {
    if (!this.#open || (this.due && data === undefined)) return { events: [], missed: false };
    this.#open = false;
    let last = this.#floor;
    const fresh = events.filter(({ seq }) => {
      // CLIENT-31: in ascending order, each at most once.
      if (seq <= last || (this.#start !== undefined && seq > this.#start)) return false;
      last = seq;
      return true;
    });
    this.#passed = Math.max(this.#passed, last);
    const missed = this.due && data.truncated && !this.#told;
    this.#told ||= missed;
    if (this.due) this.#settle();
    this.due = false;
    return { events: fresh, missed };
  }

  /** The replay that was due has not come: returns whether that is news of missed events. */
  abandon() {
    if (!this.due) return false;
    this.due = this.#open = false;
    this.#abandoned = true; // the place stays before what is missing
    if (this.#start !== undefined) this.#passed = this.#start;
    const news = !this.#told;
    this.#told = true;
    return news;
  }

  /**
   * A live event: whether to pass it on, whether it shows a gap, and whether to connect again.
   * CLIENT-32: this is asked for every event, whatever its type.
   */
  live({ seq }) {
    if (this.due) return { pass: false, gap: true, again: true }; // CLIENT-33, CLIENT-34
    const before = this.#before;
    this.#open = false;
    if (seq === before) return { pass: false, gap: false, again: false };
    const gap = before !== undefined && seq !== before + 1; // CLIENT-33
    // CLIENT-34, CLIENT-35: the event behind the gap comes with the replay of the next session.
    if (gap && this.#repairs && this.place !== null) return { pass: false, gap: true, again: true };
    this.#before = seq;
    return { pass: this.#pass(seq), gap, again: false };
  }

  #pass(seq) {
    if (this.#epoch !== undefined && seq <= this.#passed) return false; // CLIENT-31
    this.#passed = Math.max(this.#passed, seq);
    if (this.place !== null && !this.#abandoned) this.place = { epoch: this.#epoch, seq };
    return true;
  }
}

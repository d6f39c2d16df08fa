// The list that is kept up by the server's events.
//
// - Events are gathered and shown at most once in `SHOWN_EVERY_MS`, so that hundreds a second do not flicker.
// - While the reader points at the list or moves in it by keys, it stands still, and what came meanwhile is counted.
// - It is bounded: the oldest of more than `ROWS_MAX` are let go; more than `WAITING_MAX` waiting are counted, and load it anew.

import type { List, Row } from "./contract";
import { code, get, SIGNED_OUT } from "./api";
import { SILENCE_MS, type Hearing } from "./changes";
import { tellExchange, type Exchange } from "./exchange";

const SHOWN_EVERY_MS = 1000;
const ROWS_MAX = 1000;
const WAITING_MAX = 2000;
/** A page of older ones. */
const PAGE = 100;

export interface Shown {
  rows: Row[];
  /** Came while the list stood still. */
  waiting: number;
  line: Hearing;
  /** Alerts that the server has not read yet. */
  lag: number;
  isMore: boolean;
  /** There are older ones, and no room for them. */
  isFull: boolean;
  isTooBroad: boolean;
  error?: string;
  isLoaded: boolean;
}

export class LiveList {
  private rows = new Map<string, Row>();
  private waiting = new Map<string, Row | null>();
  /** Changes that came beyond what may wait. */
  private overfull = 0;
  private next: string | null = null;
  /** Up to where changes were told. */
  private position?: string;
  private line: Hearing = "starting";
  private lag = 0;
  private error?: string;
  private isLoaded = false;
  private isLoading = false;
  /** Number of the newest load: what comes of one before is dropped. */
  private asked = 0;
  private isTooBroad = false;
  /** Some were let go of. */
  private isCut = false;
  private isHeld = false;
  /** Too much has changed to be told one by one. */
  private isStale = false;
  private isChanged = false;
  private heard = Date.now();
  private events?: EventSource;
  private readonly timer: ReturnType<typeof setInterval>;
  private isClosed = false;

  constructor(private readonly query: string, private readonly show: (shown: Shown) => void) {
    this.timer = setInterval(() => this.tick(), SHOWN_EVERY_MS);
    document.addEventListener("visibilitychange", this.turned);
    void this.load();
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.turned);
    this.events?.close();
  }

  /** Nobody looks: the line is left to other pages of this browser, and goes on where it was once somebody looks again. */
  private readonly turned = (): void => {
    this.events?.close();
    // A list that is being loaded begins its line by itself.
    if (!document.hidden && this.position && !this.isLoading) this.follow(this.position);
  };

  /** Stands still, or goes on with what came meanwhile. */
  hold(isHeld: boolean): void {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    if (!isHeld) this.take();
    this.tell();
  }

  async load(): Promise<void> {
    this.events?.close();
    this.isLoading = true;
    const turn = ++this.asked;
    try {
      const list = await this.page();
      if (this.isClosed || turn !== this.asked) return;
      this.rows = new Map(list.incidents.map((row) => [row.key, row]));
      this.waiting.clear();
      this.overfull = 0;
      this.isStale = false;
      this.isCut = false;
      this.next = list.next ?? null;
      this.error = undefined;
      this.isLoaded = true;
      this.isTooBroad = list.too_broad ?? false;
      this.follow(list.position);
    } catch (error) {
      if (turn !== this.asked) return;
      this.error = code(error);
    }
    this.isLoading = false;
    this.tell();
  }

  async more(): Promise<void> {
    if (!this.next) return;
    try {
      const list = await this.page(this.next);
      for (const row of list.incidents) if (!this.rows.has(row.key)) this.rows.set(row.key, row);
      this.next = list.next ?? null;
    } catch (error) {
      this.error = code(error);
    }
    this.tell();
  }

  /** A page; a search that found too little within its time is asked on, a few times. */
  private async page(after?: string): Promise<List> {
    const ask = (cursor?: string) => get<List>(`incidents?${this.query}&limit=${PAGE}${cursor ? `&after=${encodeURIComponent(cursor)}` : ""}`);
    const list = await ask(after);
    for (let turn = 0; turn < 20 && list.next && list.incidents.length < PAGE / 2; turn++) {
      const further = await ask(list.next);
      list.incidents.push(...further.incidents);
      list.next = further.next;
    }
    return list;
  }

  private follow(position: string): void {
    [this.position, this.heard] = [position, Date.now()];
    // A line that nobody closes would be held for as long as the page is open, and a user has few.
    this.events?.close();
    if (document.hidden) return;
    const events = new EventSource(`/api/v1/events?${this.query}&position=${encodeURIComponent(position)}`);
    this.events = events;
    const heard = (line: Hearing) => {
      this.heard = Date.now();
      if (this.line === line) return;
      this.line = line;
      this.tell();
    };
    events.addEventListener("open", () => heard("live"));
    events.addEventListener("error", () => heard("away"));
    events.addEventListener("incidents", (event) => {
      heard("live");
      this.position = event.lastEventId || this.position;
      const { rows, gone } = JSON.parse(event.data) as { rows: Row[]; gone: string[] };
      this.wait(rows, gone);
    });
    events.addEventListener("beat", (event) => {
      heard("live");
      const { lag, exchange } = JSON.parse(event.data) as { lag?: { alerts?: number }; exchange?: Exchange };
      this.lag = lag?.alerts ?? 0;
      tellExchange(exchange);
      this.isChanged = true;
    });
    events.addEventListener("reset", () => {
      this.isStale = true;
    });
    events.addEventListener("signed-out", () => {
      events.close();
      dispatchEvent(new Event(SIGNED_OUT));
    });
  }

  private wait(rows: Row[], gone: string[]): void {
    if (this.isStale) {
      this.overfull += rows.length + gone.length;
      return;
    }
    for (const row of rows) this.waiting.set(row.key, row);
    for (const key of gone) this.waiting.set(key, null);
    if (this.waiting.size <= WAITING_MAX) return;
    this.overfull += this.waiting.size;
    this.waiting.clear();
    this.isStale = true;
  }

  private tick(): void {
    if (document.hidden) return;
    if (this.line === "live" && Date.now() - this.heard > SILENCE_MS) {
      this.line = "away";
      this.isChanged = true;
    }
    // A browser gives up a line that was refused; the list is loaded anew.
    if (this.isLoaded && !this.isLoading && this.events?.readyState === EventSource.CLOSED && Date.now() - this.heard > SILENCE_MS / 2) {
      this.heard = Date.now();
      void this.load();
    }
    if ((this.waiting.size > 0 || this.isStale) && !this.isHeld) this.take();
    else if (this.waiting.size + this.overfull > 0) this.isChanged = true;
    if (this.isChanged) this.tell();
  }

  private take(): void {
    if (this.isStale) {
      // As often as it is shown, however often it is told.
      if (!this.isLoading) void this.load();
      return;
    }
    for (const [key, row] of this.waiting) {
      this.rows.delete(key);
      if (row) this.rows.set(key, row);
    }
    this.waiting.clear();
    this.isChanged = true;
  }

  private tell(): void {
    this.isChanged = false;
    if (this.isClosed) return;
    const rows = [...this.rows.values()].sort((a, b) => (a.published < b.published ? 1 : a.published > b.published ? -1 : 0));
    for (const row of rows.splice(ROWS_MAX)) {
      this.rows.delete(row.key);
      this.isCut = true;
    }
    const { line, lag, error, isLoaded, isTooBroad } = this;
    const waiting = this.isHeld ? this.waiting.size + this.overfull : 0;
    this.show({ rows, waiting, line, lag, error, isLoaded, isTooBroad, isMore: this.next !== null && rows.length < ROWS_MAX, isFull: this.isCut || (this.next !== null && rows.length >= ROWS_MAX) });
  }
}

/** Alerts alike: of one pattern and one carrier. */
export interface Group { id: string; rows: Row[] }

/** Fewer than this are listed one by one. */
const ALIKE_MIN = 4;

function alikeId({ pattern, producer, state }: Row): string {
  return `${pattern} ${producer.country} ${producer.organisation} ${state}`;
}

/** In the order of the newest of each. */
export function grouped(rows: Row[], isGrouped: boolean): Group[] {
  if (!isGrouped) return rows.map((row) => ({ id: row.key, rows: [row] }));
  const alike = new Map<string, Row[]>();
  for (const row of rows) {
    const id = alikeId(row);
    const found = alike.get(id);
    if (found) found.push(row);
    else alike.set(id, [row]);
  }
  const told = new Set<string>();
  const groups: Group[] = [];
  for (const row of rows) {
    const id = alikeId(row);
    const together = alike.get(id) ?? [row];
    if (together.length < ALIKE_MIN) groups.push({ id: row.key, rows: [row] });
    else if (!told.has(id)) groups.push({ id, rows: together });
    told.add(id);
  }
  return groups;
}

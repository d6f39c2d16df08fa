// Texts, numbers and times in seven languages.
//
// - The texts are Fluent files: those of alerts are `crates/alert/locales/`, shared with the command line, those of the pages
//   are `locales/`; the build puts the two of a language together.
// - Codes and numbers become sentences here as in `crates/alert/src/words.rs`; numbers and times as the language writes them.
// - A code that no file knows, such as a feature of a carrier's own pattern, is shown as it is.

import { FluentBundle, FluentResource } from "@fluent/bundle";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Reason } from "./contract";
import { dayOf } from "./dates";

/** BCP 47 tags, and what each language calls itself. */
export const LANGUAGES: readonly [tag: string, name: string][] = [
  ["en", "English"],
  ["zh-Hans", "简体中文"],
  ["km", "ខ្មែរ"],
  ["lo", "ລາວ"],
  ["my", "မြန်မာ"],
  ["th", "ไทย"],
  ["vi", "Tiếng Việt"],
];

/** The language of a browser's tags, the first that there is. */
export function languageOf(tags: readonly string[]): string {
  for (const tag of tags) {
    const primary = tag.split("-")[0]?.toLowerCase();
    const found = LANGUAGES.find(([known]) => known.split("-")[0] === primary);
    if (found) return found[0];
  }
  return "en";
}

/** How numbers and the clock are written in languages of which browsers know no forms (CLDR 48): by a language that writes them so.
 * Their days are in a table of their own. */
const NUMBERS_LIKE: Record<string, string> = { km: "de", lo: "de", my: "en-u-nu-mymr" };
const CLOCKS_LIKE: Record<string, string> = { km: "sv", lo: "sv", my: "sv-u-nu-mymr" };

type Values = Record<string, string | number>;

export class Words {
  private readonly bundle: FluentBundle;
  private readonly numbers: Intl.NumberFormat;
  private readonly clock: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;
  private readonly full: Intl.DateTimeFormat;
  private readonly hour: Intl.DateTimeFormat;
  private readonly calendar: Intl.DateTimeFormat;
  /** Whether the browser knows the language's forms. */
  private readonly isKnown: boolean;

  constructor(readonly tag: string, source: string) {
    // The same as the command line says: no isolation marks around values.
    this.bundle = new FluentBundle(tag, { useIsolating: false });
    const errors = this.bundle.addResource(new FluentResource(source));
    if (errors.length > 0) throw errors[0];
    const isKnown = Intl.DateTimeFormat.supportedLocalesOf([tag]).length > 0;
    this.isKnown = isKnown;
    const locale = isKnown ? tag : CLOCKS_LIKE[tag] ?? "sv";
    // Each language's own calendar, as on paper: Thailand's is the Buddhist one. Files for machines have ISO 8601.
    const calendar = { hourCycle: "h23" } as const;
    this.numbers = new Intl.NumberFormat(isKnown ? tag : NUMBERS_LIKE[tag] ?? "en", { maximumFractionDigits: 2 });
    this.clock = new Intl.DateTimeFormat(locale, { ...calendar, hour: "2-digit", minute: "2-digit", second: "2-digit" });
    this.day = new Intl.DateTimeFormat(locale, isKnown ? { ...calendar, day: "numeric", month: "short" } : { ...calendar, dateStyle: "short" });
    this.full = new Intl.DateTimeFormat(locale, { ...calendar, dateStyle: isKnown ? "medium" : "short", timeStyle: "medium" });
    this.calendar = new Intl.DateTimeFormat(locale, { ...calendar, dateStyle: isKnown ? "medium" : "short", timeZone: "UTC" });
    this.hour = new Intl.DateTimeFormat(locale, { ...calendar, hour: "2-digit" });
  }

  has(key: string): boolean {
    return this.bundle.hasMessage(key);
  }

  /** A text by its key; where there is none the key itself, and the browser tests fail. */
  text(key: string, values?: Values): string {
    const message = this.bundle.getMessage(key);
    if (!message?.value) {
      console.error(`no text ${key} in ${this.tag}`);
      return key;
    }
    const shown = Object.entries(values ?? {}).map(([name, value]) => [name, typeof value === "number" ? this.number(value) : value]);
    return this.bundle.formatPattern(message.value, Object.fromEntries(shown), []);
  }

  /** Word for one of a known set, such as `role` and `suspect`; itself where the file has none. */
  word(set: string, name: string): string {
    const key = `${set}-${name}`;
    return /^[a-z][\w-]*$/i.test(key) && this.has(key) ? this.text(key) : name.replace(/[-_]/g, " ");
  }

  /** What is said where no native reader has reviewed the texts. */
  unreviewed(): string | undefined {
    return this.has("unreviewed") ? this.text("unreviewed") : undefined;
  }

  /** What a feature is: `calls_6h` is `calls`, and within six hours. */
  feature(code: string): string {
    if (this.has(`code-${code}`)) return this.text(`code-${code}`);
    const cut = code.lastIndexOf("_");
    const [base, period] = [code.slice(0, cut), code.slice(cut + 1)];
    if (cut < 0 || !this.has(`code-${base}`) || !this.has(`period-${period}`)) return code.replace(/_/g, " ");
    return this.text("what-in-period", { what: this.text(`code-${base}`), period: this.text(`period-${period}`) });
  }

  /** A value against its limit, as a sentence. */
  reason({ code, unit, value, threshold }: Reason): string {
    return this.text("reason", { what: this.feature(code), value: this.quantity(value, unit), limit: this.quantity(threshold, unit) });
  }

  /** A family of patterns, with the rule that named it. */
  title(family: string, rule?: string | null): string {
    const title = this.word("family", family);
    return rule ? `${title} (${rule.replace(/-/g, " ")})` : title;
  }

  quantity(value: number, unit?: string | null): string {
    const name = (unit ?? "count").replace("/", "");
    const shown = this.number(name === "ratio" ? Math.round(value * 1000) / 10 : value);
    return this.has(`unit-${name}`) ? this.text(`unit-${name}`, { value: shown }) : shown;
  }

  number(value: number): string {
    return this.numbers.format(value);
  }

  percent(share: number): string {
    return this.text("unit-ratio", { value: this.number(Math.round(share * 1000) / 10) });
  }

  /** A country by its ISO 3166-1 code. */
  country(code: string): string {
    return this.has(`country-${code}`) ? this.text(`country-${code}`) : code;
  }

  /** A time of the reader's clock: of another day with its day. */
  short(time: string): string {
    const at = new Date(time);
    if (Number.isNaN(at.getTime())) return time;
    const clock = this.clock.format(at);
    return at.toDateString() === new Date().toDateString() ? clock : `${this.dayIn(at)} ${clock}`;
  }

  long(time: string): string {
    const at = new Date(time);
    if (Number.isNaN(at.getTime())) return time;
    const own = this.own(at.getDate(), at.getMonth(), at.getFullYear());
    return own ? `${own} ${this.clock.format(at)}` : this.full.format(at);
  }

  date(time: string): string {
    const at = new Date(time);
    return Number.isNaN(at.getTime()) ? time : this.dayIn(at);
  }

  private own(day: number, month: number, year?: number): string | undefined {
    return this.isKnown ? undefined : dayOf(this.tag, day, month, year);
  }

  private dayIn(at: Date): string {
    return this.own(at.getDate(), at.getMonth()) ?? this.day.format(at);
  }

  /** A day of the calendar, `2026-12-03`: the same whatever the reader's clock says. */
  planned(day: string): string {
    const at = new Date(`${day}T00:00:00Z`);
    if (Number.isNaN(at.getTime())) return day;
    return this.own(at.getUTCDate(), at.getUTCMonth(), at.getUTCFullYear()) ?? this.calendar.format(at);
  }

  hourOf(hour: number): string {
    return this.hour.format(new Date(2026, 0, 1, hour));
  }
}

const [DAY_S, HOUR_S] = [86_400, 3_600];

/** A length of time in the unit in which it has few digits. */
export function length(words: Words, seconds: number): string {
  if (seconds < 2 * HOUR_S) return words.text("length-min", { value: Math.floor(seconds / 60) });
  if (seconds < 2 * DAY_S) return words.text("length-h", { value: Math.floor(seconds / HOUR_S) });
  return words.text("length-d", { value: Math.floor(seconds / DAY_S) });
}

const Context = createContext<Words | null>(null);
export const WordsProvider = Context.Provider;

/** The texts of the reader's language. */
export function useWords(): Words {
  const words = useContext(Context);
  if (!words) throw new Error("no language is loaded");
  return words;
}

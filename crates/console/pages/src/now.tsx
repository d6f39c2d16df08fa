// What happens now: the live list, its filters in the address bar, and its keys.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAnswer } from "./api";
import { useSilence } from "./exchange";
import { grouped, LiveList, type Group, type Shown } from "./live";
import { COUNTRIES, Empty, Line, Severity, Trouble, Waiting, When } from "./parts";
import { filterTo, type Route } from "./route";
import { useWords } from "./words";

/** Lines that are shown at once, and that more of them are. */
const LINES = 200;
/** The search waits until nobody has typed for this long, ms. */
const TYPED_MS = 300;
const FILTERS = ["country", "source", "pattern", "severity", "state", "work", "since", "until", "q"];
const WORKS = ["new", "acknowledged", "investigating", "joint-operation", "referred", "disputed"];
const STATES = ["open", "closed", "cancelled"];

export function Now({ route }: { route: Route }) {
  const words = useWords();
  const query = useMemo(() => {
    const asked = [...route.query].filter(([name, value]) => FILTERS.includes(name) && value);
    return new URLSearchParams(asked).toString();
  }, [route]);
  const isGrouped = route.query.get("group") !== "0";
  const [shown, setShown] = useState<Shown>();
  const [isHeld, setHeld] = useState(false);
  const [lines, setLines] = useState(LINES);
  const list = useRef<LiveList | undefined>(undefined);
  useEffect(() => {
    setShown(undefined);
    setLines(LINES);
    const live = new LiveList(query, setShown);
    list.current = live;
    return () => live.close();
  }, [query]);
  useEffect(() => list.current?.hold(isHeld), [isHeld, query]);
  const groups = useMemo(() => grouped(shown?.rows ?? [], isGrouped), [shown, isGrouped]);
  const hold = useRef({ isOver: false, isIn: false });
  const isEmpty = groups.length === 0;
  const more = () => {
    if (groups.length < lines + LINES) void list.current?.more();
    setLines(lines + LINES);
  };
  // A list that has gone cannot be left by the pointer.
  useEffect(() => {
    if (isEmpty) held({ isOver: false, isIn: false });
  }, [isEmpty]);
  const held = (change: Partial<{ isOver: boolean; isIn: boolean }>) => {
    Object.assign(hold.current, change);
    setHeld(hold.current.isOver || hold.current.isIn);
  };
  return (
    <>
      <div class="head">
        <h1>{words.text("page-now")}</h1>
        <Connection shown={shown} isHeld={isHeld} />
      </div>
      <Filters route={route} shown={shown} />
      {shown?.error && <Trouble code={shown.error} again={() => void list.current?.load()} />}
      {!shown?.isLoaded && !shown?.error && <Waiting />}
      {shown?.isLoaded && isEmpty && <Empty>{words.text(shown.isTooBroad ? "now-too-broad" : query ? "now-none-filtered" : "now-none")}</Empty>}
      {!isEmpty && (
        <ul
          class="live"
          aria-label={words.text("page-now")}
          onPointerEnter={(event) => event.pointerType === "mouse" && held({ isOver: true })}
          onPointerLeave={() => held({ isOver: false })}
          onFocusIn={(event) => held({ isIn: event.target instanceof Element && event.target.matches(":focus-visible") })}
          onFocusOut={() => held({ isIn: false })}
        >
          {groups.slice(0, lines).map((group) => <Alike key={group.id} group={group} />)}
        </ul>
      )}
      {(shown?.isMore || groups.length > lines) && <p><button type="button" onClick={more}>{words.text("now-more")}</button></p>}
      {shown?.isFull && groups.length <= lines && <p class="small quiet" data-test="now-full">{words.text("now-full", { count: shown.rows.length })}</p>}
    </>
  );
}

function Connection({ shown, isHeld }: { shown?: Shown; isHeld: boolean }) {
  const words = useWords();
  const line = shown?.line ?? "starting";
  const silent = useSilence();
  return (
    <p class="row small" role="status">
      {isHeld && (
        <span class="mark warn" data-test="held">
          {words.text("now-held")}{shown && shown.waiting > 0 ? ` · ${words.text("now-waiting", { count: shown.waiting })}` : ""}
        </span>
      )}
      {!(line === "live" && silent) && <span class={`mark ${line === "away" ? "bad" : ""}`} data-test="line">{words.text(`line-${line}`)}</span>}
      {shown && shown.lag > 0 && <span class="mark warn">{words.text("now-lag", { count: shown.lag })}</span>}
    </p>
  );
}

/** One incident, or several of one pattern and carrier. */
function Alike({ group }: { group: Group }) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const [lines, setLines] = useState(LINES);
  const [first] = group.rows;
  if (!first) return null;
  if (group.rows.length === 1) return <li><Line row={first} /></li>;
  return (
    <li>
      <button type="button" class="alert" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class="grade"><Severity of={Math.max(...group.rows.map((row) => row.severity))} /></span>
        <span>
          <span class="what">{words.title(first.category)}</span> · {words.text("now-alike", { count: group.rows.length })}
          <span class="small quiet row">
            <span>{words.country(first.producer.country)}, {first.producer.organisation}</span>
            <span class="code">{first.pattern}</span>
          </span>
        </span>
        <span class="when small quiet"><When at={first.published} /></span>
      </button>
      {isOpen && <ul>{group.rows.slice(0, lines).map((row) => <li key={row.key}><Line row={row} /></li>)}</ul>}
      {isOpen && group.rows.length > lines && <p><button type="button" onClick={() => setLines(lines + LINES)}>{words.text("now-more")}</button></p>}
    </li>
  );
}

function Filters({ route, shown }: { route: Route; shown?: Shown }) {
  const words = useWords();
  const chosen = (name: string) => route.query.get(name) ?? "";
  const known = useAnswer<{ patterns: string[] }>("patterns").answer?.patterns ?? [];
  // One that came since the page was opened, or that an address asks for.
  const patterns = [...new Set([...known, ...(shown?.rows ?? []).map((row) => row.pattern), chosen("pattern")])].filter(Boolean).sort();
  const choice = (name: string, options: [value: string, text: string][]) => (
    <label>
      {words.text(`filter-${name}`)}
      <select name={name} value={chosen(name)} onChange={(event) => filterTo({ [name]: event.currentTarget.value })}>
        <option value="">{words.text("filter-all")}</option>
        {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </label>
  );
  const isFiltered = FILTERS.some((name) => chosen(name));
  return (
    <form class="filters" role="search" aria-label={words.text("filters")} onSubmit={(event) => event.preventDefault()}>
      <Search value={chosen("q")} />
      {choice("country", COUNTRIES.map((code) => [code, words.country(code)]))}
      {choice("pattern", patterns.map((pattern) => [pattern, pattern]))}
      {choice("severity", ["2", "3", "4", "5", "6"].map((level) => [level, words.word("severity", level)]))}
      {choice("state", STATES.map((state) => [state, words.word("state", state)]))}
      {choice("work", WORKS.map((work) => [work, words.word("stage", work)]))}
      <Moment name="since" value={chosen("since")} />
      <Moment name="until" value={chosen("until")} />
      {chosen("source") && choice("source", [[chosen("source"), chosen("source")]])}
      <label class="across">
        <input type="checkbox" checked={chosen("group") !== "0"} onChange={(event) => filterTo({ group: event.currentTarget.checked ? "" : "0" })} />
        {words.text("filter-group")}
      </label>
      {isFiltered && (
        <button type="button" onClick={() => filterTo(Object.fromEntries(FILTERS.map((name) => [name, ""])))}>{words.text("filter-none")}</button>
      )}
    </form>
  );
}

/** A time of the reader's clock, in the address as everybody's. */
function Moment({ name, value }: { name: "since" | "until"; value: string }) {
  const words = useWords();
  const at = new Date(value);
  const local = Number.isNaN(at.getTime()) ? "" : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const chosen = (text: string) => {
    const time = new Date(text);
    filterTo({ [name]: Number.isNaN(time.getTime()) ? "" : time.toISOString() });
  };
  return (
    <label>
      {words.text(`filter-${name}`)}
      <input type="datetime-local" name={name} value={local} onChange={(event) => chosen(event.currentTarget.value)} />
    </label>
  );
}

/** Digits of any script as ASCII ones: blocks of ten follow each other from their zero on. */
const plain = (text: string) => text.replace(/\p{Nd}/gu, (digit) => {
  let zero = digit.codePointAt(0) ?? 0;
  const value = zero;
  while (value - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return String((value - zero) % 10);
});

/** A whole number, IMSI or IMEI: nine digits or more (of what begins with `+` eight) in whatever script, and no letter. A type of devices
 * has eight. */
function isClear(text: string): boolean {
  const digits = plain(text).replace(/[^0-9]/g, "").length;
  return !/\p{L}/u.test(text) && digits >= (text.trim().startsWith("+") ? 8 : 9);
}

/** How a mask shows a number: its country code and two digits more (crates/alert/src/mask.rs). */
function maskOf(text: string): string | undefined {
  const digits = plain(text).replace(/[^0-9]/g, "").replace(/^00/, "");
  const code = /^(855|856|86|95|66|84)/.exec(digits)?.[0];
  return /^\s*(\+|00)/.test(plain(text)) && code ? `+${digits.slice(0, code.length + 2)}` : undefined;
}

function Search({ value }: { value: string }) {
  const words = useWords();
  const [text, setText] = useState(value);
  const [asked, setAsked] = useState(value);
  // The address changed by another way: a link, or back.
  if (value !== asked) {
    setAsked(value);
    setText(value);
  }
  useEffect(() => {
    const timer = setTimeout(() => {
      // An identifier in clear belongs into no address: no history, no log of a server between. Nor would anything be found by it.
      const typed = isClear(text) ? maskOf(text) ?? "" : text.trim();
      const wanted = typed.length >= 3 ? typed : "";
      if (wanted === asked) return;
      setAsked(wanted);
      filterTo({ q: wanted });
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [text, asked]);
  return (
    <label>
      {words.text("filter-q")}
      <input type="search" name="q" value={text} maxLength={64} autocomplete="off" spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} />
      {isClear(text) && <span class="small" role="status" data-test="clear">{words.text("filter-q-clear", { mask: maskOf(text) ?? "–" })}</span>}
    </label>
  );
}

// Figures: how much of what, where, at which hours, and how much of it turned out true.

import { useAnswer } from "./api";
import type { Figures } from "./contract";
import { AreaMap, MapTables } from "./map";
import { Answer, Empty, More, When } from "./parts";
import { filterTo, type Route } from "./route";
import { useWords } from "./words";

const HOUR_MS = 3_600_000;
const SPANS: [name: string, hours: number][] = [["day", 24], ["week", 168], ["month", 720], ["quarter", 2160]];

function spanning(until: string, hours: number): string {
  const since = new Date(Date.parse(until) - hours * HOUR_MS).toISOString();
  return `figures?since=${encodeURIComponent(since)}&until=${encodeURIComponent(until)}`;
}

export function FiguresPage({ route }: { route: Route }) {
  const words = useWords();
  const span = SPANS.find(([name]) => name === route.query.get("span")) ?? SPANS[1];
  const name = span?.[0] ?? "week";
  // Without times the server tells of the week before the newest alert; other spans end there too.
  const week = useAnswer<Figures>("figures");
  const until = week.answer?.until;
  const other = useAnswer<Figures>(name === "week" || !until ? null : spanning(until, span?.[1] ?? 168));
  const loaded = name === "week" || week.error ? week : other;
  return (
    <>
      <div class="head">
        <h1>{words.text("page-figures")}</h1>
        <label>{words.text("span")}
          <select value={name} onChange={(event) => filterTo({ span: event.currentTarget.value })}>
            {SPANS.map(([name]) => <option key={name} value={name}>{words.text(`span-${name}`)}</option>)}
          </select>
        </label>
      </div>
      <Answer of={loaded}>{(figures) => <Drawings figures={figures} />}</Answer>
    </>
  );
}

function Drawings({ figures }: { figures: Figures }) {
  const words = useWords();
  if (figures.hours.length === 0) return <Empty>{words.text("figures-none")}</Empty>;
  return (
    <>
      <p class="quiet small"><When at={figures.since} isLong /> – <When at={figures.until} isLong /></p>
      <div class="columns">
        <section class="sheet"><h2>{words.text("map")}</h2><p class="quiet small">{words.text("figures-days")}</p><AreaMap figures={figures} /></section>
        <div>
          <section class="sheet"><h2>{words.text("by-country")}</h2><Countries figures={figures} /></section>
          <section class="sheet"><h2>{words.text("by-area")}</h2><Areas figures={figures} /></section>
        </div>
        <section class="sheet wide"><MapTables figures={figures} /><More name="areas-more" count={figures.more_areas} /><More name="cells-more" count={figures.more_cells} /></section>
        <section class="sheet wide"><h2>{words.text("trend")}</h2><Trend figures={figures} /></section>
        <section class="sheet wide"><h2>{words.text("hours")}</h2><Hours figures={figures} /></section>
        <section class="sheet wide"><h2>{words.text("precision")}</h2><Precision figures={figures} /></section>
      </div>
    </>
  );
}

function Countries({ figures }: { figures: Figures }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("by-country")}>
      <table>
        <thead><tr><th scope="col">{words.text("filter-country")}</th><th scope="col" class="number">{words.text("incidents")}</th><th scope="col" class="number">{words.text("label-victims")}</th></tr></thead>
        <tbody>
          {figures.countries.map(({ country, incidents, victims }) => (
            <tr key={country}>
              <th scope="row"><a href={`/?country=${country}`}>{words.country(country)}</a></th>
              <td class="number">{words.number(incidents)}</td><td class="number">{words.number(victims)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const AREAS_SHOWN = 10;

function Areas({ figures }: { figures: Figures }) {
  const words = useWords();
  if (figures.areas.length === 0) return <Empty>{words.text("areas-none")}</Empty>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("by-area")}>
      <table>
        <thead><tr><th scope="col">{words.text("area")}</th><th scope="col">{words.text("filter-country")}</th><th scope="col" class="number">{words.text("incidents")}</th></tr></thead>
        <tbody>
          {[...figures.areas].sort((a, b) => b.incidents - a.incidents).slice(0, AREAS_SHOWN).map(({ country, admin1, incidents }) => (
            <tr key={`${country} ${admin1}`}><th scope="row">{admin1}</th><td>{words.country(country)}</td><td class="number">{words.number(incidents)}</td></tr>
          ))}
        </tbody>
      </table>
      <More count={figures.areas.length + figures.more_areas - AREAS_SHOWN} />
    </div>
  );
}

const BARS = { width: 900, height: 160, foot: 18, top: 16 };

/** Midnight of the reader, so many days after that of a time. */
function midnight(time: number, days: number): number {
  const at = new Date(time);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + days).getTime();
}

/** Where the bar behind the last one begins. */
function after(begins: number[], isHourly: boolean): number {
  const last = begins[begins.length - 1] ?? 0;
  return isHourly ? last + HOUR_MS : midnight(last, 1);
}

/** Incidents per hour, or per day of a longer time. */
function Trend({ figures }: { figures: Figures }) {
  const words = useWords();
  const [since, until] = [Date.parse(figures.since), Date.parse(figures.until)];
  const isHourly = until - since <= 72 * HOUR_MS;
  // Hours are whole ones, and days the reader's: a bar begins where its label says.
  const begins = [(isHourly ? Math.floor(since / HOUR_MS) * HOUR_MS : midnight(since, 0))];
  for (let next = after(begins, isHourly); next < until; next = after(begins, isHourly)) begins.push(next);
  const count = begins.length;
  const bars = new Array<number>(count).fill(0);
  for (const { hour, incidents } of figures.trend) {
    const time = Date.parse(hour);
    const at = Math.max(0, begins.findLastIndex((begin) => begin <= time));
    bars[at] = (bars[at] ?? 0) + incidents;
  }
  const most = Math.max(...bars, 1);
  const wide = BARS.width / count;
  const high = BARS.height - BARS.foot - BARS.top;
  const label = (at: number) => {
    const time = new Date(begins[at] ?? since).toISOString();
    return isHourly ? words.short(time) : words.date(time);
  };
  const every = Math.ceil(count / 8);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("trend")}>
      <svg class="bars" viewBox={`0 0 ${BARS.width} ${BARS.height}`} role="img" aria-label={words.text("trend-tells", { most, steps: count })}>
        <text x="0" y="11">{words.number(most)}</text>
        <line class="axis" x1="0" x2={BARS.width} y1={BARS.height - BARS.foot} y2={BARS.height - BARS.foot} />
        {bars.map((incidents, at) => (
          <rect key={at} class="bar" x={at * wide + wide * 0.1} width={wide * 0.8} y={BARS.top + high * (1 - incidents / most)} height={high * (incidents / most)}>
            <title>{`${label(at)}: ${words.number(incidents)}`}</title>
          </rect>
        ))}
        {bars.map((_, at) => at % every === 0 && <text key={at} x={at * wide} y={BARS.height - 4}>{label(at)}</text>)}
      </svg>
      <details data-test="trend-table">
        <summary>{words.text("trend-table")}</summary>
        <table>
          <thead><tr><th scope="col">{words.text("span")}</th><th scope="col" class="number">{words.text("incidents")}</th></tr></thead>
          <tbody>{bars.map((incidents, at) => <tr key={at}><th scope="row">{label(at)}</th><td class="number">{words.number(incidents)}</td></tr>)}</tbody>
        </table>
      </details>
    </div>
  );
}

/** Hours of the reader's day by pattern: when each is at work. */
function Hours({ figures }: { figures: Figures }) {
  const words = useWords();
  const patterns = new Map<string, number[]>();
  // None of the six countries changes its clock: one offset holds for all of the time.
  const ahead = -new Date(figures.until).getTimezoneOffset();
  for (const { hour, pattern, incidents } of figures.hours) {
    const row = patterns.get(pattern) ?? new Array<number>(24).fill(0);
    patterns.set(pattern, row);
    const at = Math.floor((hour * 60 + ahead + 1440) / 60) % 24;
    row[at] = (row[at] ?? 0) + incidents;
  }
  const most = Math.max(1, ...[...patterns.values()].flat());
  const heat = (incidents: number) => (incidents === 0 ? "" : `h${Math.min(4, Math.ceil((incidents / most) * 4))}`);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("hours")}>
      <table class="heat">
        <caption>{words.text("hours-tell")}</caption>
        <thead><tr><th scope="col">{words.text("filter-pattern")}</th>{Array.from({ length: 24 }, (_, hour) => <th key={hour} scope="col">{words.hourOf(hour)}</th>)}</tr></thead>
        <tbody>
          {[...patterns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([pattern, row]) => (
            <tr key={pattern}>
              <th scope="row"><a href={`/?pattern=${encodeURIComponent(pattern)}`}>{pattern}</a></th>
              {row.map((incidents, hour) => <td key={hour} class={heat(incidents)}>{incidents === 0 ? "" : words.number(incidents)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Precision({ figures }: { figures: Figures }) {
  const words = useWords();
  if (figures.precision.length === 0) return <Empty>{words.text("precision-none")}</Empty>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("precision")}>
      <table>
        <caption>{words.text("precision-tells")}</caption>
        <thead>
          <tr>
            <th scope="col">{words.text("filter-pattern")}</th><th scope="col">{words.text("judged-by")}</th>
            <th scope="col" class="number">{words.word("verdict", "2")}</th><th scope="col" class="number">{words.word("verdict", "1")}</th>
            <th scope="col" class="number">{words.text("verdict-rest")}</th><th scope="col" class="number">{words.text("precision")}</th>
          </tr>
        </thead>
        <tbody>
          {figures.precision.map(({ pattern, country, true_positive, false_positive, other }) => {
            const judged = true_positive + false_positive;
            return (
              <tr key={`${pattern} ${country}`}>
                <th scope="row">{pattern}</th><td>{words.country(country)}</td>
                <td class="number">{words.number(true_positive)}</td><td class="number">{words.number(false_positive)}</td><td class="number">{words.number(other)}</td>
                <td class="number">{judged > 0 ? words.percent(true_positive / judged) : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

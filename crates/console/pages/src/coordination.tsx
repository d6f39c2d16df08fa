// Coordination: a week of all countries, or of one. What is new, how soon it was answered, how often it was right, what is asked for.

import { useAnswer } from "./api";
import type { Digest, Response, Week } from "./contract";
import { OperationsList } from "./operations";
import { Answer, COUNTRIES, Empty, When, incidentPage, useClock } from "./parts";
import { filterTo, type Route } from "./route";
import { isAhead, left } from "./statements";
import { length, useWords, type Words } from "./words";

const WEEK_MS = 7 * 86_400_000;
/** The first Monday: weeks begin on Monday, 00:00 UTC. */
const MONDAY_MS = 4 * 86_400_000;
/** Weeks that one can choose: as far as incidents are kept. */
const WEEKS = 13;
const ANSWERS = ["acknowledgement", "status", "verdict", "receipt", "operation"] as const;
/** Figures of a week, each with the text at its head. */
const COUNTS = [
  ["incidents", "incidents"], ["campaigns_new", "campaigns-new"], ["campaigns_dissolved", "campaigns-gone"], ["campaigns_dismantled", "campaigns-dismantled"],
  ["operations_new", "operations-new"], ["operations_agreed", "operations-agreed"], ["operations_running", "operations-running"], ["operations_closed", "operations-closed"],
] as const;

/** Mondays, the newest first. */
function weeks(): string[] {
  const newest = Math.floor((Date.now() - MONDAY_MS) / WEEK_MS) * WEEK_MS + MONDAY_MS;
  return Array.from({ length: WEEKS }, (_, back) => new Date(newest - back * WEEK_MS).toISOString().slice(0, 10));
}

export function CoordinationPage({ route }: { route: Route }) {
  const words = useWords();
  const [newest = ""] = weeks();
  const [week, country] = [route.query.get("week") ?? newest, route.query.get("country") ?? ""];
  const query = new URLSearchParams({ week, ...(country && { country }) }).toString();
  const loaded = useAnswer<Digest>(`digest?${query}`);
  useClock();
  return (
    <>
      <div class="head">
        <h1>{words.text("page-coordination")}</h1>
        <div class="actions">
          <a href={`/api/v1/digest.csv?${query}`} download>{words.text("digest-csv")}</a>
          <a href={`/api/v1/digest.html?${query}&language=${words.tag}`} download>{words.text("digest-html")}</a>
          <button type="button" onClick={() => print()}>{words.text("print")}</button>
        </div>
      </div>
      <p class="quiet">{words.text("coordination-tells")}</p>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>{words.text("week")}
          <select name="week" value={week} onChange={(event) => filterTo({ week: event.currentTarget.value })}>
            {(weeks().includes(week) ? weeks() : [week, ...weeks()]).map((day) => <option key={day} value={day}>{words.date(`${day}T12:00:00Z`)}</option>)}
          </select>
        </label>
        <label>{words.text("filter-country")}
          <select name="country" value={country} onChange={(event) => filterTo({ country: event.currentTarget.value })}>
            <option value="">{words.text("filter-all")}</option>
            {COUNTRIES.map((code) => <option key={code} value={code}>{words.country(code)}</option>)}
          </select>
        </label>
      </form>
      <OperationsList country={country} />
      <Answer of={loaded}>{(digest) => <Whole digest={digest} />}</Answer>
    </>
  );
}

function Whole({ digest }: { digest: Digest }) {
  const words = useWords();
  const rows: [name: string, week: Week][] = Object.entries(digest.countries).map(([country, week]) => [words.country(country), week]);
  if (digest.all) rows.push([words.text("all-countries"), digest.all]);
  return (
    <>
      <p><When at={digest.since} isLong /> – <When at={digest.until} isLong /></p>
      <section class="sheet"><h2>{words.text("week")}</h2>{rows.length === 0 ? <Empty>{words.text("figures-none")}</Empty> : <Counts rows={rows} />}</section>
      <section class="sheet"><h2>{words.text("responses")}</h2><p class="small quiet">{words.text("responses-tell")}</p>{rows.length > 0 && <Responses rows={rows} />}</section>
      <section class="sheet"><h2>{words.text("precision")}</h2>{digest.precision.length === 0 ? <Empty>{words.text("precision-none")}</Empty> : <Precision digest={digest} />}</section>
      <section class="sheet"><h2>{words.text("requests-open")}</h2>{digest.requests.length === 0 ? <Empty>{words.text("requests-none")}</Empty> : <Requests requests={digest.requests} more={digest.more_requests} />}</section>
    </>
  );
}

function Counts({ rows }: { rows: [string, Week][] }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("week")}>
      <table>
        <thead><tr><th scope="col">{words.text("filter-country")}</th>{COUNTS.map(([, name]) => <th key={name} scope="col" class="number">{words.text(name)}</th>)}</tr></thead>
        <tbody>
          {rows.map(([name, week]) => (
            <tr key={name}><th scope="row">{name}</th>{COUNTS.map(([count]) => <td key={count} class="number">{words.number(week[count])}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Responses({ rows }: { rows: [string, Week][] }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("responses")}>
      <table>
        <thead><tr><th scope="col">{words.text("filter-country")}</th>{ANSWERS.map((kind) => <th key={kind} scope="col">{words.text(`response-${kind}`)}</th>)}</tr></thead>
        <tbody>
          {rows.map(([name, week]) => <tr key={name}><th scope="row">{name}</th>{ANSWERS.map((kind) => <td key={kind} class="nowrap">{response(words, week[kind])}</td>)}</tr>)}
        </tbody>
      </table>
    </div>
  );
}

function response(words: Words, { count, median_s, p90_s }: Response): string {
  if (median_s == null || p90_s == null) return "–";
  return `${length(words, median_s)} / ${length(words, p90_s)} (${words.number(count)})`;
}

function Precision({ digest }: { digest: Digest }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("precision")}>
      <table>
        <thead><tr>
          <th scope="col">{words.text("filter-pattern")}</th><th scope="col">{words.text("judged-by")}</th>
          {["verdict-2", "verdict-1", "precision"].map((name) => <th key={name} scope="col" class="number">{words.text(name)}</th>)}
        </tr></thead>
        <tbody>
          {digest.precision.map(({ pattern, country, true_positive, false_positive }) => (
            <tr key={`${pattern} ${country}`}>
              <th scope="row" class="code">{pattern}</th><td>{words.country(country)}</td>
              <td class="number">{words.number(true_positive)}</td><td class="number">{words.number(false_positive)}</td>
              <td class="number">{true_positive + false_positive > 0 ? words.percent(true_positive / (true_positive + false_positive)) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What is asked of carriers, with its clock. */
export function Requests({ requests, more }: { requests: Digest["requests"]; more: number }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("requests-open")}>
      <table>
        <thead><tr>{["request-head-measure", "request-head-by", "request-head-case", "fact-producer", "request-head-until", "request-head-answer"].map((name) => <th key={name} scope="col">{words.text(name)}</th>)}</tr></thead>
        <tbody>
          {requests.map((asked, place) => (
            <tr key={place}>
              <th scope="row"><a href={incidentPage(asked.key)}>{words.word("measure", asked.measure)}</a></th>
              <td>{words.country(asked.by)}, {asked.requester}</td>
              <td class="code">{asked.case_reference}</td>
              <td class="code">{asked.producer}</td>
              <td><When at={asked.until} isLong /><br /><span class="small quiet">{left(words, asked.until)}</span></td>
              <td>{asked.answered ? <><span class="mark">{words.text(isAhead(asked.until) ? "in-force" : "ended")}</span> <When at={asked.answered} isLong /></> : <span class="mark warn">{words.text("unanswered")}</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p class="small">{words.text("label-more", { count: more })}</p>}
    </div>
  );
}

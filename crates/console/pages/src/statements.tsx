// What each country said of an incident. Different verdicts stand beside each other; none replaces another.

import type { Asked, Incident, Said } from "./contract";
import { Empty, More, When } from "./parts";
import { useWords, type Words } from "./words";

export function Statements({ incident }: { incident: Incident }) {
  const words = useWords();
  const { conclusion, said } = incident;
  if (said.length === 0 && !conclusion) return <Empty>{words.text("said-none")}</Empty>;
  return (
    <>
      {conclusion && <Countries incident={incident} />}
      {conclusion && conclusion.requests.length > 0 && <Requests requests={conclusion.requests} />}
      <h3>{words.text("said-order")}</h3>
      <More name="said-more" count={incident.more_said} />
      <ol class="timeline">
        {said.map((one) => (
          <li key={one.id}>
            <p class="row small quiet"><When at={one.published} isLong /><span>{words.country(one.writer.country)}, {one.writer.organisation}</span>{one.person && <span>{one.person}</span>}</p>
            <p>{sentence(words, one)}</p>
          </li>
        ))}
      </ol>
    </>
  );
}

function sentence(words: Words, said: Said): string {
  const kind = words.word("kind", said.kind);
  const detail = {
    verdict: () => words.word("verdict", String(said.verdict_id)),
    comment: () => said.text ?? "",
    status: () => words.word("stage", said.stage ?? ""),
    request: () => [words.word("measure", said.action ?? ""), said.case_reference, said.requester, said.until && words.long(said.until)].filter(Boolean).join(", "),
    receipt: () => [words.word("outcome", said.outcome ?? ""), said.reason].filter(Boolean).join(", "),
    cancel: () => said.reason ?? "",
  }[said.kind];
  return detail ? `${kind}: ${detail()}` : kind;
}

function Countries({ incident }: { incident: Incident }) {
  const words = useWords();
  const conclusion = incident.conclusion;
  if (!conclusion) return null;
  const { acknowledged, stages, verdicts, disputed_by } = conclusion;
  const organisations = Object.entries(verdicts);
  const of = (country: string) => organisations.filter(([organisation]) => organisation.slice(2, 4) === country);
  const countries = [...new Set([...Object.keys(acknowledged), ...Object.keys(stages), ...organisations.map(([name]) => name.slice(2, 4))])].sort();
  if (countries.length === 0) return null;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("said")}>
      <table>
        <thead><tr>{["country", "acknowledged", "stage", "verdict"].map((name) => <th key={name} scope="col">{words.text(`said-head-${name}`)}</th>)}</tr></thead>
        <tbody>
          {countries.map((country) => (
            <tr key={country}>
              <th scope="row">{words.country(country)}</th>
              <td>{acknowledged[country] ? <When at={acknowledged[country]} isLong /> : "–"}</td>
              <td>{stages[country] ? words.word("stage", stages[country]) : "–"}</td>
              <td>
                {of(country).length === 0 && "–"}
                {of(country).map(([organisation, verdict]) => <p key={organisation}>{words.word("verdict", String(verdict))} <span class="small quiet">{organisation.slice(5)}</span></p>)}
                {disputed_by.includes(country) && <span class="mark bad">{words.text("disputes")}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Requests({ requests }: { requests: Asked[] }) {
  const words = useWords();
  return (
    <>
      <h3>{words.text("requests")}</h3>
      <div class="scroll" tabIndex={0} role="group" aria-label={words.text("requests")}>
        <table>
          <thead><tr>{["measure", "by", "case", "until", "answer"].map((name) => <th key={name} scope="col">{words.text(`request-head-${name}`)}</th>)}</tr></thead>
          <tbody>
            {requests.map((request) => (
              <tr key={request.id}>
                <td>{words.word("measure", request.measure)}</td>
                <td>{words.country(request.country)}, {request.requester}</td>
                <td class="code">{request.case_reference}</td>
                <td><When at={request.until} isLong /><br /><span class="small quiet">{left(words, request.until)}</span></td>
                <td>
                  {request.answered === null || request.answered === undefined ? <span class="mark warn">{words.text("unanswered")}</span>
                    : request.accepted ? <span class="mark">{words.text(request.in_force && isAhead(request.until) ? "in-force" : "ended")}</span>
                    : <span class="mark bad">{words.word("outcome", "refused")}</span>}
                  {request.refusal && <p class="small">{request.refusal}</p>}
                  {request.answered && <p class="small quiet"><When at={request.answered} isLong /></p>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const HOUR_MS = 3_600_000;

/** Whether a time has not come: what the server said of it was so when the page was loaded. */
export const isAhead = (time: string) => Date.parse(time) > Date.now();

/** How much of a time is left. */
export function left(words: Words, until: string): string {
  const hours = (Date.parse(until) - Date.now()) / HOUR_MS;
  if (!(hours > 0)) return words.text("ended");
  return hours < 48 ? words.text("hours-left", { count: Math.ceil(hours) }) : words.text("days-left", { count: Math.floor(hours / 24) });
}

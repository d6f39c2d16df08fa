// Joint operations: the list of them, and one with who is in it, what it is about, and who said what when.

import { useAnswer, usePages } from "./api";
import { useChanges } from "./changes";
import type { Operation, Operations, OperationWord, Part, Session, WholeOperation } from "./contract";
import { OperationActs } from "./operation-acts";
import { Answer, Empty, Further, Line, LineAway, Severity, When, sourceName, useClock } from "./parts";
import { length, useWords, type Words } from "./words";

export function operationPage(id: string): string {
  return `/operations/${encodeURIComponent(id)}`;
}

/** On Coordination: all of them, or those that a country has a part in. */
export function OperationsList({ country }: { country: string }) {
  const words = useWords();
  const query = new URLSearchParams(country && { country }).toString();
  const path = `operations?${query}`;
  const loaded = useAnswer<Operations>(path);
  // What changes is loaded anew; older pages that somebody has opened stay.
  const older = usePages(path, loaded.answer, true);
  const line = useChanges(loaded.again, { operations: true });
  return (
    <section class="sheet" data-test="operations">
      <h2>{words.text("operations")}</h2>
      <p class="small quiet">{words.text("operations-tell")}</p>
      <LineAway line={line} />
      <Answer of={loaded}>
        {(first) => first.operations.length === 0 ? <Empty>{words.text("operations-none")}</Empty> : (
          <>
            <List operations={together(first.operations, older.pages.flatMap((page) => page.operations))} />
            <Further of={older} />
          </>
        )}
      </Answer>
    </section>
  );
}

/** The newest, then those of older pages that are not among them. */
function together(newest: Operation[], older: Operation[]): Operation[] {
  const known = new Set(newest.map((operation) => operation.operation_id));
  return [...newest, ...older.filter((operation) => !known.has(operation.operation_id))];
}

function List({ operations }: { operations: Operation[] }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("operations")}>
      <table>
        <thead><tr>
          {["operation-title", "operation-stage", "operation-countries", "operation-day"].map((name) => <th key={name} scope="col">{words.text(name)}</th>)}
          <th scope="col" class="number">{words.text("incidents")}</th><th scope="col">{words.text("operation-proposer")}</th>
        </tr></thead>
        <tbody>
          {operations.map((operation) => (
            <tr key={operation.operation_id}>
              <th scope="row"><a href={operationPage(operation.operation_id)}>{operation.title}</a></th>
              <td><Stage of={operation} /></td>
              <td>{Object.entries(operation.countries).map(([country, part]) => <p key={country}>{words.country(country)}: <Reply part={part} operation={operation} /></p>)}</td>
              <td class="nowrap">{operation.day ? words.planned(operation.day) : "–"}</td>
              <td class="number">{words.number(operation.incidents)}</td>
              <td>{words.country(operation.proposer.country)}, {operation.proposer.organisation}<br /><span class="small quiet"><When at={operation.published} isLong /></span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Stage({ of }: { of: Operation }) {
  const words = useWords();
  return (
    <>
      <span class={of.stage === "running" ? "mark warn" : "mark"}>{words.word("operation-stage", of.stage)}</span>
      {of.outcome && <> <span class="small">{outcome(words, of.outcome)}</span></>}
    </>
  );
}

function outcome(words: Words, { outcome, suspects, sites }: { outcome: string; suspects?: number | null; sites?: number | null }): string {
  const count = (name: string, count?: number | null) => (count == null ? [] : [`${words.text(name)}: ${words.number(count)}`]);
  return [words.word("operation-outcome", outcome), ...count("operation-suspects", suspects), ...count("operation-sites", sites)].join(", ");
}

/** A country's answer; how long it has been waited for where there is none. */
function Reply({ part, operation }: { part: Part; operation: Operation }) {
  const words = useWords();
  if (part.answer) return <>{words.word("operation-answer", part.answer)}</>;
  if (operation.stage === "closed") return <span class="quiet">{words.text("unanswered")}</span>;
  const waits = Math.max(0, (Date.now() - Date.parse(operation.published)) / 1000);
  return <span class="mark warn">{words.text("operation-waits", { value: length(words, waits) })}</span>;
}

export function OperationPage({ id, session }: { id: string; session: Session }) {
  const words = useWords();
  const loaded = useAnswer<WholeOperation>(`operations/${encodeURIComponent(id)}`);
  const line = useChanges(loaded.again, { operations: id });
  useClock();
  return (
    <>
      <LineAway line={line} />
      <p class="unprinted"><a href="/coordination">{words.text("back-to-coordination")}</a></p>
      <Answer of={loaded}>{(operation) => <Whole operation={operation} session={session} again={loaded.again} />}</Answer>
    </>
  );
}

function Whole({ operation, session, again }: { operation: WholeOperation; session: Session; again: () => void }) {
  const words = useWords();
  return (
    <article>
      <div class="head">
        <div>
          <h1>{operation.title}</h1>
          <p class="row"><Stage of={operation} /><span class="small quiet">{words.text("page-operations")}</span></p>
        </div>
        <div class="actions"><button type="button" onClick={() => print()}>{words.text("print")}</button></div>
      </div>
      {operation.outcomes_differ && <p class="says bad" data-test="conflict">{words.text("operation-outcomes-differ")}</p>}
      <OperationActs operation={operation} session={session} again={again} />
      <div class="columns">
        <section class="sheet wide">
          <h2>{words.text("operation-countries")}</h2>
          <Countries operation={operation} />
        </section>
        <section class="sheet wide">
          <h2>{words.text("facts")}</h2>
          <Facts operation={operation} />
        </section>
        <section class="sheet wide"><h2>{words.text("operation-listed")}</h2><Listed operation={operation} /></section>
        <section class="sheet wide"><h2>{words.text("operation-said")}</h2><Said said={operation.said} />{operation.more_said > 0 && <p class="small">{words.text("label-more", { count: operation.more_said })}</p>}</section>
      </div>
    </article>
  );
}

function Facts({ operation }: { operation: WholeOperation }) {
  const words = useWords();
  const times = [["operations-agreed", operation.agreed], ["operations-running", operation.running], ["operations-closed", operation.closed]] as const;
  return (
    <dl class="facts">
      <dt>{words.text("operation-proposer")}</dt><dd>{words.country(operation.proposer.country)}, {operation.proposer.organisation}, <When at={operation.published} isLong /></dd>
      <dt>{words.text("operation-lead")}</dt><dd>{words.country(operation.lead.country)}, <span class="code">{sourceName(operation.lead)}</span></dd>
      <dt>{words.text("operation-day")}</dt><dd>{operation.day ? words.planned(operation.day) : "–"}</dd>
      {times.map(([name, at]) => at && <><dt>{words.text(name)}</dt><dd><When at={at} isLong /></dd></>)}
      {operation.outcome && <><dt>{words.text("operation-outcome")}</dt><dd>{outcome(words, operation.outcome)}</dd></>}
      <dt>{words.text("page-operations")}</dt><dd class="code">{operation.operation_id}</dd>
    </dl>
  );
}

function Countries({ operation }: { operation: WholeOperation }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("operation-countries")}>
      <table>
        <thead><tr>{["said-head-country", "request-head-answer", "audit-head-at", "operation-reason"].map((name) => <th key={name} scope="col">{words.text(name === "request-head-answer" ? "kind-operation-answer" : name)}</th>)}</tr></thead>
        <tbody>
          {Object.entries(operation.countries).map(([country, part]) => (
            <tr key={country}>
              <th scope="row">{words.country(country)}</th>
              <td>
                <Reply part={part} operation={operation} />
                {part.by && <p class="small quiet">{part.by.slice(5)}</p>}
                {Object.entries(part.otherwise).map(([organisation, answer]) => (
                  <p key={organisation} class="small"><span class="mark bad">{words.text("operation-otherwise", { organisation: organisation.slice(5), answer: words.word("operation-answer", answer) })}</span></p>
                ))}
              </td>
              <td>{part.at ? <When at={part.at} isLong /> : "–"}</td>
              <td>{part.reason ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Listed({ operation }: { operation: WholeOperation }) {
  const words = useWords();
  const { incidents, campaigns, hidden, hidden_campaigns, not_listed } = operation.listed;
  const by = (country: string, at: string) => <p class="small quiet indent">{words.text("operation-listed-by")} {words.country(country)}, <When at={at} isLong /></p>;
  const counts = [["operation-hidden", hidden], ["operation-hidden-campaigns", hidden_campaigns], ["operation-not-listed", not_listed]] as const;
  return (
    <>
      {incidents.length > 0 && <ul class="live">{incidents.map(({ row, by: country, at }) => <li key={row.key}><Line row={row} />{by(country, at)}</li>)}</ul>}
      {campaigns.length > 0 && (
        <ul class="plain">
          {campaigns.map(({ campaign, by: country, at }) => (
            <li key={campaign.campaign_id}>
              <p class="row"><a href={`/campaigns/${campaign.campaign_id}`}>{words.text("campaign")} <span class="code">{campaign.campaign_id.slice(0, 12)}</span></a><Severity of={campaign.severity} /><span>{words.text("campaign-holds", { count: campaign.alerts })}</span></p>
              {by(country, at)}
            </li>
          ))}
        </ul>
      )}
      {counts.map(([name, count]) => count > 0 && <p key={name} data-test={name}>{words.text(name, { count })}</p>)}
    </>
  );
}

function Said({ said }: { said: OperationWord[] }) {
  const words = useWords();
  return (
    <ol class="timeline">
      {said.map((one) => (
        <li key={one.id}>
          <p class="row small quiet"><When at={one.published} isLong /><span>{words.country(one.writer.country)}, {one.writer.organisation}</span>{one.person && <span>{one.person}</span>}</p>
          <p>{sentence(words, one)}{one.unheard && <> <span class="mark bad">{words.text("unheard")}</span> <span class="small">{words.word("unheard", one.unheard)}</span></>}</p>
        </li>
      ))}
    </ol>
  );
}

function sentence(words: Words, said: OperationWord): string {
  const kind = words.word("kind", said.kind);
  const details = [
    said.answer && words.word("operation-answer", said.answer),
    said.stage && words.word("operation-stage", said.stage),
    said.outcome && outcome(words, { outcome: said.outcome, suspects: said.suspects, sites: said.sites }),
    said.incidents != null && words.text("operation-lists", { incidents: said.incidents, campaigns: said.campaigns ?? 0 }),
    said.reason,
  ];
  const detail = details.filter(Boolean).join(", ");
  return detail ? `${kind}: ${detail}` : kind;
}

// One incident: what was found and why, how it came, who is in it, what was said of it, where the records are.

import { useState } from "preact/hooks";
import { Acts } from "./acts";
import { useAnswer } from "./api";
import { useChanges } from "./changes";
import type { Alert, Incident, Reason, Row, Session } from "./contract";
import { Dossier } from "./dossier";
import { Entities } from "./entities";
import { InOperations } from "./operation-acts";
import { Answer, Empty, Line, LineAway, Marks, More, Severity, When, sourceName, useClock } from "./parts";
import { listAddress } from "./route";
import { isAhead, Statements } from "./statements";
import { SubscribersOf } from "./subscribers";
import { useWords } from "./words";

export function IncidentPage({ id, session }: { id: string; session: Session }) {
  const words = useWords();
  const loaded = useAnswer<Incident>(`incidents/${encodeURIComponent(id)}`);
  const line = useChanges(loaded.again, { incident: loaded.answer?.row.incident_id, operations: true });
  useClock();
  return (
    <>
      <p class="unprinted"><a href={listAddress()}>{words.text("back-to-now")}</a></p>
      <LineAway line={line} />
      <Answer of={loaded}>{(incident) => <Whole incident={incident} session={session} again={loaded.again} />}</Answer>
    </>
  );
}

function Whole({ incident, session, again }: { incident: Incident; session: Session; again: () => void }) {
  const words = useWords();
  const { alert, row } = incident;
  const conclusion = incident.conclusion;
  const verdicts = new Set(Object.values(conclusion?.verdict_by_country ?? {}));
  return (
    <article>
      <div class="head">
        <div>
          <h1>{words.title(alert.category, alert.rule)}</h1>
          <p class="row"><Severity of={row.severity} />{row.state === "open" && <span class="mark">{words.word("message", row.message)}</span>}<Marks row={row} /></p>
        </div>
        <div class="actions"><Dossier path={`incidents/${encodeURIComponent(row.key)}`} session={session} /><button type="button" onClick={() => print()}>{words.text("print")}</button></div>
      </div>
      {row.status !== "actual" && <p class="says warn">{words.text("not-actual", { status: words.word("status", row.status) })}</p>}
      {alert.cancel && <p class="says bad">{words.text("taken-back", { reason: alert.cancel.reason, persons: alert.cancel.decided_by.join(", ") })}</p>}
      {alert.grouped?.merged_into && <p class="says warn">{words.text("goes-on-in")} <a href={`/?q=${alert.grouped.merged_into}`} class="code">{alert.grouped.merged_into}</a></p>}
      {verdicts.size > 1 && <p class="says bad" data-test="conflict">{words.text("verdicts-differ")}</p>}
      {session.desk && holds(incident).map(({ until, case_reference }) => (
        <p key={case_reference} class="says warn" data-test="hold">{words.text("hold-in-force", { until: words.long(until), case: case_reference })}</p>
      ))}
      <Acts incident={incident} session={session} again={again} />
      <div class="columns">
        <section class="sheet">
          <h2>{words.text("why")}</h2>
          <Reasons reasons={alert.reasons} />
        </section>
        <section class="sheet">
          <h2>{words.text("facts")}</h2>
          <Facts alert={alert} row={row} incident={incident} />
        </section>
        <section class="sheet wide">
          <h2>{words.text("entities")}</h2>
          <Entities incident={incident} session={session} />
        </section>
        {session.desk && (
          <section class="sheet wide">
            <h2>{words.text("subscribers")}</h2>
            <SubscribersOf path={`incidents/${encodeURIComponent(row.key)}/named`} revision={row.revision} session={session} />
          </section>
        )}
        <section class="sheet wide">
          <h2>{words.text("said")}</h2>
          <Statements incident={incident} />
        </section>
        {!session.desk && <InOperations operations={incident.operations} more={incident.more_operations} item={{ incidents: [row.key] }} session={session} again={again} />}
        <section class="sheet">
          <h2>{words.text("revisions")}</h2>
          <Revisions incident={incident} />
        </section>
        <section class="sheet">
          <h2>{words.text("evidence")}</h2>
          <Evidence incident={incident} topic={session.desk ? "lancang.outbox.v1" : "lancang.alerts.v1"} />
        </section>
        <section class="sheet wide">
          <h2>{words.text("related")}</h2>
          {incident.campaign && (
            <p><a href={`/campaigns/${incident.campaign.campaign_id}`}>{words.text("in-campaign", { count: incident.campaign.alerts })}</a></p>
          )}
          {incident.related.length === 0 && !incident.campaign && <Empty>{words.text("related-none")}</Empty>}
          {incident.related.length > 0 && (
            <ul class="live">
              {incident.related.map(({ why, row: other }) => <li key={other.key}><Line row={other} /><p class="small quiet indent">{words.word("why", why)}</p></li>)}
            </ul>
          )}
          {incident.more_related && <p class="small quiet" data-test="related-more">{words.text("related-more")}</p>}
        </section>
      </div>
    </article>
  );
}

/** Holds in force: asked of this incident, or of one that went into it, which its newest revision says. */
function holds(incident: Incident): { until: string; case_reference: string }[] {
  const found = (incident.conclusion?.requests ?? []).filter(({ measure, in_force, until }) => measure === "hold" && in_force && isAhead(until));
  const said = incident.alert.action?.hold;
  const isBinding = said?.receipt && !said.refusal && !said.ended && isAhead(said.until);
  const isKnown = found.some(({ case_reference }) => case_reference === said?.case_reference);
  return isBinding && !isKnown ? [...found, said] : found;
}

/** Sentences, and how far beyond its limit each value is. */
export function Reasons({ reasons }: { reasons: Reason[] }) {
  const words = useWords();
  return (
    <ul class="reasons">
      {reasons.map((reason) => {
        const most = Math.max(Math.abs(reason.value), Math.abs(reason.threshold)) * 1.1 || 1;
        const [value, limit] = [(Math.abs(reason.value) / most) * 100, (Math.abs(reason.threshold) / most) * 100];
        return (
          <li key={`${reason.pattern} ${reason.code}`}>
            {words.reason(reason)} <span class="code quiet small">{reason.pattern}</span>
            <svg class="gauge" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect class="track" width="100" height="8" />
              <rect class="value" width={value} height="8" />
              <rect class="limit" x={limit - 0.3} width="0.6" height="8" />
            </svg>
          </li>
        );
      })}
    </ul>
  );
}

function Facts({ alert, row, incident }: { alert: Alert; row: Row; incident: Incident }) {
  const words = useWords();
  const { place, action, handling } = alert;
  const isExpired = Date.parse(alert.actionable_until) < Date.now();
  return (
    <dl class="facts">
      <dt>{words.text("fact-events")}</dt><dd><When at={alert.first_event} isLong /> – <When at={alert.last_event} isLong /></dd>
      <dt>{words.text("fact-published")}</dt><dd><When at={alert.published} isLong /></dd>
      <dt>{words.text("fact-actionable")}</dt><dd><When at={alert.actionable_until} isLong />{isExpired && <> <span class="mark warn">{words.text("expired")}</span></>}</dd>
      <dt>{words.text("fact-producer")}</dt><dd>{words.country(row.producer.country)}, <span class="code">{sourceName(row.producer)}</span></dd>
      <dt>{words.text("filter-pattern")}</dt><dd class="code">{alert.patterns.join(", ")}</dd>
      <dt>{words.text("label-score")}</dt><dd>{words.number(row.score)}{row.confidence != null && <> · {words.text("confidence", { value: row.confidence })}</>}</dd>
      {place && <><dt>{words.text("fact-place")}</dt><dd>{[place.admin1, words.country(place.country)].filter(Boolean).join(", ")}{place.latitude !== undefined && <span class="quiet"> {words.number(place.latitude)}° N, {words.number(place.longitude ?? 0)}° E</span>}</dd></>}
      {alert.victims.length > 0 && <><dt>{words.text("label-victims")}</dt><dd>{alert.victims.map(({ country, count }) => `${words.country(country)}: ${words.number(count)}`).join(", ")}</dd></>}
      {action?.recommended && action.recommended.length > 0 && <><dt>{words.text("label-recommended")}</dt><dd>{action.recommended.map((code) => words.word("action", code)).join("; ")}</dd></>}
      {action?.contact && <><dt>{words.text("fact-contact")}</dt><dd>{action.contact}</dd></>}
      <dt>{words.text("fact-handling")}</dt><dd>{handling.tlp}; {handling.purpose}{handling.legal_basis ? `; ${handling.legal_basis}` : ""}</dd>
      <dt>{words.text("fact-retain")}</dt><dd><When at={handling.retain_until} isLong /></dd>
      <dt>{words.text("fact-id")}</dt><dd class="code">{incident.row.incident_id}</dd>
    </dl>
  );
}

function Revisions({ incident }: { incident: Incident }) {
  const words = useWords();
  const [isWhole, setWhole] = useState(false);
  const newest = [...incident.revisions].reverse();
  const shown = isWhole ? newest : newest.slice(0, 8);
  return (
    <>
      <ol class="timeline" reversed>
        {shown.map((revision) => (
          <li key={revision.revision}>
            <p class="row"><When at={revision.published} isLong /><span class="mark">{words.word("message", revision.message)}</span><Severity of={revision.severity} /></p>
            <p class="small quiet">{words.text("revision-tells", { revision: String(revision.revision), score: revision.score, entities: revision.entities })}</p>
            {revision.reasons[0] && <p class="small">{words.reason(revision.reasons[0])}</p>}
          </li>
        ))}
      </ol>
      {newest.length > shown.length && <button type="button" onClick={() => setWhole(true)}>{words.text("label-more", { count: newest.length - shown.length })}</button>}
      <More name="revisions-more" count={incident.more_revisions} />
    </>
  );
}

/** Where the records are: a reference that the producer's desk understands, not the records. */
function Evidence({ incident, topic }: { incident: Incident; topic: string }) {
  const words = useWords();
  const { evidence } = incident.alert;
  const offsets = (evidence.offsets ?? []).map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`)).join(", ");
  return (
    <>
      <p>{words.text("evidence-tells", { count: evidence.count })}</p>
      <dl class="facts">
        {evidence.topic && <><dt>{words.text("evidence-line")}</dt><dd class="code">{evidence.topic} / {evidence.partition} / {offsets}</dd></>}
        {evidence.merkle_root && <><dt>{words.text("evidence-root")}</dt><dd class="code">{evidence.merkle_root}</dd></>}
        {evidence.kept_until && <><dt>{words.text("evidence-kept")}</dt><dd><When at={evidence.kept_until} isLong /></dd></>}
        <dt>{words.text("evidence-signed")}</dt><dd class="code">{incident.key_id}</dd>
        <dt>{words.text("evidence-alert")}</dt><dd class="code">{topic} / {incident.offset}; {words.text("sequence")} {incident.alert.sequence}</dd>
        <dt>{words.text("evidence-pattern")}</dt><dd class="code">{incident.alert.pattern}@{incident.alert.pattern_version}{incident.alert.pattern_hash ? ` ${incident.alert.pattern_hash}` : ""}</dd>
      </dl>
    </>
  );
}

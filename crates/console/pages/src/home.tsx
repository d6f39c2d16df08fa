// At a carrier's own desk: incidents of its home topic that were never shared, the search for somebody by number, and one of them.

import { useState } from "preact/hooks";
import { send, useAnswer, usePages } from "./api";
import type { AtHome, AtHomeFound, AtHomeList, AtHomeOne, Session } from "./contract";
import { CaseReference } from "./entities";
import { Answer, Ask, Empty, Further, incidentPage, Severity, When } from "./parts";
import { Subscribers } from "./subscribers";
import { useWords } from "./words";

export function HomePage({ session }: { session: Session }) {
  const words = useWords();
  const loaded = useAnswer<AtHomeList>("home");
  const older = usePages("home", loaded.answer);
  const [isAsked, setAsked] = useState(false);
  const [found, setFound] = useState<AtHomeFound>();
  // What is typed goes in a body, and is kept nowhere: not in the address either.
  const search = async (fields: FormData) => {
    const field = (name: string) => String(fields.get(name) ?? "").trim();
    setFound(await send<AtHomeFound>("POST", "home/search", { value: field("value"), case_reference: field("case_reference") }));
  };
  return (
    <>
      <div class="head">
        <h1>{words.text("page-home")}</h1>
        <div class="actions">
          <button type="button" onClick={loaded.again}>{words.text("home-again")}</button>
          {session.may.includes("clear") && <button class="main" type="button" onClick={() => setAsked(true)}>{words.text("home-search")}</button>}
        </div>
      </div>
      <p class="quiet">{words.text("home-tells")}</p>
      {found && (
        <section class="sheet" aria-label={words.text("home-found")}>
          <h2>{words.text("home-found")} <button type="button" onClick={() => setFound(undefined)}>{words.text("close")}</button></h2>
          {!found.is_read && <p class="says warn">{words.text("home-reading")}</p>}
          {found.incidents.length === 0 ? <Empty>{words.text("home-found-none")}</Empty> : <List incidents={found.incidents} isRead />}
          {found.more && <p class="says warn">{words.text("home-found-more")}</p>}
        </section>
      )}
      <Answer of={loaded}>
        {({ incidents, is_read, let_go }) => (
          <>
            {!is_read && <p class="says warn" role="status">{words.text("home-reading")}</p>}
            {let_go > 0 && <p class="says">{words.text("home-let-go", { count: let_go })}</p>}
            {incidents.length === 0 && !older.next
              ? <Empty>{words.text("home-none")}</Empty>
              : <div class="sheet"><List incidents={[...incidents, ...older.pages.flatMap((page) => page.incidents)]} isRead={is_read} /></div>}
            <Further of={older} />
          </>
        )}
      </Answer>
      {isAsked && (
        <Ask title={words.text("home-search")} submit={words.text("home-search")} close={() => setAsked(false)} send={search}>
          <p>{words.text("home-search-means")}</p>
          <label>{words.text("home-search-value")}<input name="value" required maxLength={40} autocomplete="off" spellcheck={false} inputMode="tel" /></label>
          <CaseReference />
        </Ask>
      )}
    </>
  );
}

/** That something was never shared is said once all is read. */
function Shared({ as, isRead }: { as?: string | null; isRead: boolean }) {
  const words = useWords();
  if (as) return <a href={incidentPage(as)} class="code">{as.slice(0, 12)}…</a>;
  return <>{isRead ? words.text("home-not-shared") : "…"}</>;
}

function List({ incidents, isRead }: { incidents: AtHome[]; isRead: boolean }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("page-home")}>
      <table>
        <thead><tr>
          {["fact-events", "severity", "filter-pattern", "entity-head-value", "home-shared"].map((head) => <th key={head} scope="col">{words.text(head)}</th>)}
        </tr></thead>
        <tbody>
          {incidents.map((incident) => {
            const { type, role, masked } = incident.found ?? incident;
            return (
              <tr key={incident.incident_id}>
                <td class="nowrap"><When at={incident.last_event} /></td>
                <td><Severity of={incident.severity} /></td>
                <th scope="row"><a href={`/home/${incident.incident_id}`}>{words.title(incident.family)}</a></th>
                <td class="nowrap"><span class={`mark ${role === "suspect" ? "warn" : ""}`}>{words.word("role", role)}</span> {words.word("entity", type)} <span class="code">{masked ?? "•••"}</span></td>
                <td><Shared as={incident.shared_as} isRead={isRead} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function HomeIncidentPage({ id, session }: { id: string; session: Session }) {
  const words = useWords();
  const path = `home/${encodeURIComponent(id)}/named`;
  const loaded = useAnswer<AtHomeOne>(path);
  return (
    <>
      <p class="unprinted"><a href="/home">{words.text("back-to-home")}</a></p>
      <Answer of={loaded}>
        {(one) => {
          const { incident, shared_as, is_read } = one;
          return <article>
            <h1>{words.title(incident.family)}</h1>
            <p class="row"><Severity of={incident.severity} /><span class="mark">{words.word("message", incident.message)}</span><When at={incident.first_event} isLong /> – <When at={incident.last_event} isLong /></p>
            <p class="small quiet">{words.text("home-id")} <span class="code">{incident.incident_id}</span> · {incident.patterns.join(", ")}</p>
            <p>{words.text("home-shared")}: <Shared as={shared_as} isRead={is_read} /></p>
            <section class="sheet"><h2>{words.text("subscribers")}</h2><Subscribers path={path} first={one} session={session} /></section>
          </article>;
        }}
      </Answer>
    </>
  );
}

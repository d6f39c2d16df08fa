// The audit log: who opened or said what, for which case. Each entry holds the hash of the one before.

import { useState } from "preact/hooks";
import { code, get, useAnswer } from "./api";
import type { Audit, AuditCheck } from "./contract";
import { operationPage } from "./operations";
import { Answer, Empty, incidentPage, Trouble, When } from "./parts";
import { useWords } from "./words";

const PAGE = 100;
/** What was done, by the texts of where it is done. */
const ACTIONS: Record<string, string> = {
  "sign-in": "sign-in",
  "sign-out": "sign-out",
  open: "open-value",
  acknowledge: "do-acknowledge",
  take: "do-take",
  "joint-operation": "do-joint",
  refer: "do-refer",
  verdict: "do-verdict",
  comment: "do-comment",
  request: "kind-request",
  "refused-request": "audit-refused-request",
  dossier: "dossier",
  clear: "open-value",
  "search-home": "home-search",
  "bar-list": "bar-list-make",
  digest: "page-coordination",
  "user-add": "audit-user-add",
  "user-disable": "audit-user-disable",
};
/** What an entry is about, where that is an incident: its id and its producer's digest. */
const INCIDENT = /^[0-9a-f]{32}-[0-9a-f]+$/;
/** And where it is a joint operation: its id. */
const OPERATION = /^[0-9a-f]{64}$/;

export function AuditPage() {
  const words = useWords();
  const [before, setBefore] = useState<number>();
  const loaded = useAnswer<Audit>(`audit?limit=${PAGE}${before === undefined ? "" : `&before=${before}`}`);
  const newest = () => (before === undefined ? loaded.again() : setBefore(undefined));
  const [check, setCheck] = useState<AuditCheck>();
  const [error, setError] = useState<string>();
  const verify = () => {
    setError(undefined);
    get<AuditCheck>("audit/verify").then(setCheck, (refused) => setError(code(refused)));
  };
  return (
    <>
      <div class="head">
        <h1>{words.text("page-audit")}</h1>
        <div class="actions"><button type="button" data-test="newest" onClick={newest}>{words.text("audit-newest")}</button> <button type="button" onClick={verify}>{words.text("audit-verify")}</button></div>
      </div>
      <p class="quiet">{words.text("audit-tells")}</p>
      {error && <Trouble code={error} />}
      {check && (
        <p class={`says ${check.ok ? "" : "bad"}`} role="status">
          {words.text(check.ok ? "audit-whole" : "audit-broken", { count: check.entries })} <span class="code">{check.fault ?? check.head}</span>
        </p>
      )}
      <Answer of={loaded}>
        {({ entries, next }) => entries.length === 0 ? <Empty>{words.text("audit-none")}</Empty> : (
          <>
            <div class="sheet scroll" tabIndex={0} role="group" aria-label={words.text("page-audit")}>
              <table>
                <thead><tr>{["number", "at", "user", "action", "about", "case", "outcome"].map((name) => <th key={name} scope="col">{words.text(`audit-head-${name}`)}</th>)}</tr></thead>
                <tbody>
                  {entries.map((entry) => (
                    <tr key={entry.seq}>
                      <td class="number" title={entry.hash}>{words.number(entry.seq)}</td>
                      <td class="nowrap"><When at={entry.at} isLong /></td>
                      <td>{entry.user ?? "–"} <span class="quiet">{entry.country ?? ""}</span></td>
                      <td>{ACTIONS[entry.action] ? words.text(ACTIONS[entry.action] ?? "") : entry.action} <span class="quiet">{entry.detail ?? ""}</span></td>
                      <td class="code nowrap"><About of={entry.about} /></td>
                      <td class="code">{entry.case_reference ?? "–"}</td>
                      <td>{words.word("outcome", entry.outcome)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {next != null && <p><button type="button" onClick={() => setBefore(next)}>{words.text("now-more")}</button></p>}
          </>
        )}
      </Answer>
    </>
  );
}

function About({ of }: { of: string | null | undefined }) {
  const page = of && (INCIDENT.test(of) ? incidentPage(of) : OPERATION.test(of) ? operationPage(of) : undefined);
  return page ? <a href={page}>{of.slice(0, 12)}…</a> : <>{of ?? "–"}</>;
}

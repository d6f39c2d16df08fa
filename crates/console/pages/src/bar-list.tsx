// At a carrier's own desk: what is asked of it now, and the list of whom to bar, which leaves out whom a hold protects.

import { useState } from "preact/hooks";
import { send, useAnswer } from "./api";
import type { BarList, Requested, Session } from "./contract";
import { Requests } from "./coordination";
import { save } from "./dossier";
import { CaseReference } from "./entities";
import { Answer, Ask, Empty, When } from "./parts";
import { useWords } from "./words";

/** As the command line has them. */
const [DAYS, DAYS_MAX] = [30, 400];
/** The outbox is read from its beginning, ms. */
const PATIENCE_MS = 600_000;

export function BarListPage({ session }: { session: Session }) {
  const words = useWords();
  const loaded = useAnswer<Requested>("requests");
  const [isAsked, setAsked] = useState(false);
  const [made, setMade] = useState<BarList>();
  const make = async (fields: FormData) => {
    const body = { case_reference: String(fields.get("case_reference") ?? "").trim(), days: Number(fields.get("days")) };
    const list = await send<BarList>("POST", "bar-list", body, PATIENCE_MS);
    save({ name: `bar-list-${new Date().toISOString().slice(0, 10)}.csv`, content: new Blob([list.csv], { type: "text/csv" }) });
    setMade(list);
    loaded.again();
  };
  return (
    <>
      <div class="head">
        <h1>{words.text("page-bar-list")}</h1>
        {session.may.includes("bar-list") && <div class="actions"><button class="main" type="button" onClick={() => setAsked(true)}>{words.text("bar-list-make")}</button></div>}
      </div>
      <p class="quiet">{words.text("bar-list-tells")}</p>
      {made && <Made list={made} />}
      <section class="sheet">
        <h2>{words.text("requests-open")}</h2>
        <Answer of={loaded}>{({ requests, more }) => requests.length === 0 ? <Empty>{words.text("requests-none")}</Empty> : <Requests requests={requests} more={more} />}</Answer>
      </section>
      {isAsked && (
        <Ask title={words.text("bar-list-make")} submit={words.text("bar-list-make")} close={() => setAsked(false)} send={make}>
          <p>{words.text("bar-list-means")}</p>
          <CaseReference />
          <label>{words.text("bar-list-days")}<input name="days" type="number" min={1} max={DAYS_MAX} value={DAYS} required /></label>
        </Ask>
      )}
    </>
  );
}

function Made({ list }: { list: BarList }) {
  const words = useWords();
  const left = list.left_out.reduce((sum, { subscribers }) => sum + subscribers, 0);
  return (
    <>
      <p class={`says ${left > 0 ? "warn" : ""}`} role="status">{words.text("bar-list-made", { listed: list.listed, left })}</p>
      {left > 0 && (
        <section class="sheet">
          <h2>{words.text("bar-list-left")}</h2>
          <div class="scroll" tabIndex={0} role="group" aria-label={words.text("bar-list-left")}>
            <table>
              <thead><tr>{["fact-id", "request-head-by", "request-head-case", "request-head-until"].map((head) => <th key={head} scope="col">{words.text(head)}</th>)}<th scope="col" class="number">{words.text("subscribers")}</th></tr></thead>
              <tbody>
                {list.left_out.map(({ incident_id, requester, case_reference, until, subscribers }) => (
                  <tr key={incident_id}>
                    <th scope="row" class="code"><a href={`/?q=${incident_id}`}>{incident_id.slice(0, 12)}…</a></th>
                    <td>{requester}</td><td class="code">{case_reference}</td><td><When at={until} isLong /></td><td class="number">{words.number(subscribers)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </>
  );
}

// What a liaison does about joint operations: proposes one from an incident or a campaign, adds to one, answers, says how far it is.

import { useState } from "preact/hooks";
import { code, send, useAnswer } from "./api";
import { bounded } from "./bounded";
import type { Operation, Operations, Session, WholeOperation } from "./contract";
import { operationPage, Stage } from "./operations";
import { Ask, COUNTRIES, Empty, More, sourceName, Trouble } from "./parts";
import { useWords } from "./words";

const OUTCOMES = ["suspects-handed-over", "sites-closed", "no-result", "withdrawn"];
/** As in feedback: a title's bytes, and a text's. */
const [TITLE_BYTES_MAX, TEXT_BYTES_MAX] = [200, 500];
/** After an act the topic is read back within this, ms. */
const READ_BACK_MS = [700, 2500];

/** What is put on a list: an incident by its key, or a campaign. */
export type Item = { incidents: [string] } | { campaigns: [string] };

function field(fields: FormData, name: string): string {
  return String(fields.get(name) ?? "").trim().replace(/\s+/g, " ");
}

function number(fields: FormData, name: string): number | undefined {
  const text = field(fields, name);
  return text === "" ? undefined : Number(text);
}

function may(session: Session): boolean {
  return Boolean(session.writer) && session.may.includes("joint-operation");
}

/** On the page of an incident or a campaign: the operations that it is in, and what can be done from here. */
export function InOperations({ operations, more, item, session, again }: { operations: Operation[]; more: number; item: Item; session: Session; again: () => void }) {
  const words = useWords();
  return (
    <section class="sheet wide" data-test="in-operations">
      <h2>{words.text("operations")}</h2>
      {operations.length === 0 && <Empty>{words.text("operations-not")}</Empty>}
      {operations.length > 0 && (
        <ul class="plain">
          {operations.map((operation) => (
            <li key={operation.operation_id} class="row">
              <a href={operationPage(operation.operation_id)}>{operation.title}</a><Stage of={operation} />
              <span class="small quiet">{Object.entries(operation.countries).filter(([, part]) => part.answer === "accepted").map(([country]) => words.country(country)).join(", ")}</span>
            </li>
          ))}
        </ul>
      )}
      <More count={more} />
      {may(session) && <From operations={operations} item={item} session={session} again={again} />}
    </section>
  );
}

function From({ operations, item, session, again }: { operations: Operation[]; item: Item; session: Session; again: () => void }) {
  const words = useWords();
  const [asking, setAsking] = useState<"propose" | "add">();
  const [isSaid, setSaid] = useState(false);
  const own = session.writer?.country ?? "";
  const known = new Set(operations.map((operation) => operation.operation_id));
  const others = useAnswer<Operations>(`operations?country=${own}&limit=200`);
  const open = (others.answer?.operations ?? []).filter(({ operation_id, stage, countries }) => !known.has(operation_id) && stage !== "closed" && countries[own]?.answer === "accepted");
  const say = async (path: string, body: object) => {
    await send("POST", path, body);
    setSaid(true);
    for (const wait of READ_BACK_MS) setTimeout(again, wait);
  };
  const propose = (fields: FormData) => {
    const [lead, day] = [field(fields, "lead"), field(fields, "day")];
    return say("operations", { title: field(fields, "title"), listed: item, invited: fields.getAll("invited"), ...(lead && { lead }), ...(day && { day }) });
  };
  return (
    <div class="unprinted">
      <div class="actions">
        <button type="button" onClick={() => setAsking("propose")}>{words.text("do-propose")}</button>
        {open.length > 0 && <button type="button" onClick={() => setAsking("add")}>{words.text("do-add")}</button>}
      </div>
      {isSaid && <p class="small quiet" role="status">{words.text("act-said")}</p>}
      {asking === "propose" && (
        <Ask title={words.text("do-propose")} submit={words.text("send")} close={() => setAsking(undefined)} send={propose}>
          <p class="small quiet">{words.text("propose-means")}</p>
          <label>{words.text("operation-title")}<input name="title" required onInput={bounded(words, TITLE_BYTES_MAX)} /></label>
          <fieldset>
            <legend>{words.text("operation-invite")}</legend>
            {COUNTRIES.filter((country) => country !== own).map((country) => <label key={country} class="across"><input type="checkbox" name="invited" value={country} /> {words.country(country)}</label>)}
          </fieldset>
          <label>{words.text("operation-day")}<input name="day" type="date" /></label>
          <label>{words.text("operation-lead")}<input name="lead" class="code" defaultValue={session.writer ? sourceName(session.writer) : ""} required /></label>
        </Ask>
      )}
      {asking === "add" && (
        <Ask title={words.text("do-add")} submit={words.text("send")} close={() => setAsking(undefined)} send={(fields) => say(`operations/${field(fields, "operation")}`, { kind: "addition", listed: item })}>
          <p class="small quiet">{words.text("add-means")}</p>
          <label>{words.text("operation-which")}
            <select name="operation" required>{open.map(({ operation_id, title }) => <option key={operation_id} value={operation_id}>{title}</option>)}</select>
          </label>
          {others.answer?.next && <p class="small quiet">{words.text("add-newest")}</p>}
        </Ask>
      )}
    </div>
  );
}

type Asking = "decline" | "leave" | "close";

/** On the page of an operation: what the own country, and who proposed it, can say of it now. */
export function OperationActs({ operation, session, again }: { operation: WholeOperation; session: Session; again: () => void }) {
  const words = useWords();
  const [asking, setAsking] = useState<Asking>();
  const [error, setError] = useState<string>();
  const [isSaid, setSaid] = useState(false);
  const { writer } = session;
  const part = operation.countries[writer?.country ?? ""];
  if (!writer || !may(session) || !part || operation.stage === "closed") return null;
  const say = async (body: object) => {
    await send("POST", `operations/${encodeURIComponent(operation.operation_id)}`, body);
    setSaid(true);
    for (const wait of READ_BACK_MS) setTimeout(again, wait);
  };
  const sayNow = (body: object) => {
    setError(undefined);
    say(body).catch((refused) => setError(code(refused)));
  };
  const isIn = part.answer === "accepted";
  const { country, organisation } = operation.proposer;
  const isProposer = country === writer.country && organisation === writer.organisation;
  const inIt = Object.values(operation.countries).filter(({ answer }) => answer === "accepted").length;
  const buttons: [isThere: boolean, text: string, act: () => void][] = [
    [!isIn, "do-accept", () => sayNow({ kind: "answer", answer: "accepted" })],
    [!part.answer, "do-decline", () => setAsking("decline")],
    [isIn, "do-leave", () => setAsking("leave")],
    [isProposer && operation.stage !== "running" && inIt > 1, "do-run", () => sayNow({ kind: "stage", stage: "running" })],
    [isProposer, "do-close", () => setAsking("close")],
  ];
  const close = (fields: FormData) => say({ kind: "stage", stage: "closed", outcome: field(fields, "outcome"), suspects: number(fields, "suspects"), sites: number(fields, "sites") });
  const answer = (fields: FormData) => say({ kind: "answer", answer: asking === "leave" ? "left" : "declined", reason: field(fields, "reason") });
  return (
    <section class="sheet unprinted" aria-label={words.text("acts")}>
      <div class="actions">{buttons.filter(([isThere]) => isThere).map(([, text, act]) => <button key={text} type="button" onClick={act}>{words.text(text)}</button>)}</div>
      <p class="small quiet" role="status">{isSaid ? words.text("act-said") : words.text("acts-mean", { writer: writer.organisation })}</p>
      {error && <Trouble code={error} />}
      {asking && (
        <Ask title={words.text(`do-${asking}`)} submit={words.text("send")} close={() => setAsking(undefined)} send={asking === "close" ? close : answer}>
          <p class="small quiet">{words.text("comment-means")}</p>
          {asking !== "close" && <label>{words.text("operation-reason")}<textarea name="reason" required onInput={bounded(words, TEXT_BYTES_MAX)} /></label>}
          {asking === "close" && (
            <>
              <label>{words.text("operation-outcome")}<select name="outcome">{OUTCOMES.map((name) => <option key={name} value={name}>{words.word("operation-outcome", name)}</option>)}</select></label>
              {(["suspects", "sites"] as const).map((name) => <label key={name}>{words.text(`operation-${name}`)}<input name={name} type="number" min={0} max={100_000} /></label>)}
            </>
          )}
        </Ask>
      )}
    </section>
  );
}

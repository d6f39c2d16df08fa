// What those who may can do about an incident. Each act is a signed message that all countries read; nothing is overwritten.

import { useState } from "preact/hooks";
import { code, send } from "./api";
import type { Act, Incident, Session } from "./contract";
import { bounded } from "./bounded";
import { CaseReference } from "./entities";
import { Ask, Trouble } from "./parts";
import { useWords } from "./words";

/** OCSF `verdict_id`s that are said of an alert, the usual ones first. */
const VERDICTS = [2, 1, 4, 5, 7, 10, 3, 6, 8, 9, 99];
/** Days that carriers are bound by a request at most. */
const DAYS_MAX = 14;
/** Longest comment, as every consumer has it. */
const COMMENT_BYTES_MAX = 500;
/** After an act the topic is read back within this, ms. */
const READ_BACK_MS = [700, 2500];

type Asking = "verdict" | "comment" | "preserve" | "hold";

export function Acts({ incident, session, again }: { incident: Incident; session: Session; again: () => void }) {
  const words = useWords();
  const [asking, setAsking] = useState<Asking>();
  const [error, setError] = useState<string>();
  const [isSaid, setSaid] = useState(false);
  const may = (act: Act) => Boolean(session.writer) && session.may.includes(act);
  const own = session.writer?.country ?? "";
  const say = async (body: object) => {
    await send("POST", `incidents/${encodeURIComponent(incident.row.key)}/feedback`, body);
    setSaid(true);
    for (const wait of READ_BACK_MS) setTimeout(again, wait);
  };
  const sayNow = (body: object) => {
    setError(undefined);
    say(body).catch((refused) => setError(code(refused)));
  };
  const stage = incident.conclusion?.stages[own];
  const isAcknowledged = Boolean(incident.conclusion?.acknowledged[own]);
  const buttons: [isThere: boolean, text: string, act: () => void][] = [
    [may("acknowledge") && !isAcknowledged, "do-acknowledge", () => sayNow({ kind: "acknowledgement" })],
    [may("take") && !stage, "do-take", () => sayNow({ kind: "status", status: "investigating" })],
    [may("joint-operation") && stage !== "joint-operation", "do-joint", () => sayNow({ kind: "status", status: "joint-operation" })],
    [may("refer") && stage !== "referred", "do-refer", () => sayNow({ kind: "status", status: "referred" })],
    [may("verdict"), "do-verdict", () => setAsking("verdict")],
    [may("comment"), "do-comment", () => setAsking("comment")],
    [may("request"), "do-preserve", () => setAsking("preserve")],
    [may("request"), "do-hold", () => setAsking("hold")],
  ];
  const shown = buttons.filter(([isThere]) => isThere);
  if (shown.length === 0) return null;
  return (
    <section class="sheet unprinted" aria-label={words.text("acts")}>
      <div class="actions">{shown.map(([, text, act]) => <button key={text} type="button" onClick={act}>{words.text(text)}</button>)}</div>
      <p class="small quiet" role="status">{isSaid ? words.text("act-said") : words.text("acts-mean", { writer: session.writer?.organisation ?? "" })}</p>
      {error && <Trouble code={error} />}
      {asking && <Question asking={asking} close={() => setAsking(undefined)} say={say} />}
    </section>
  );
}

function Question({ asking, close, say }: { asking: Asking; close: () => void; say: (body: object) => Promise<void> }) {
  const words = useWords();
  const title = words.text(`do-${asking}`);
  const field = (fields: FormData, name: string) => String(fields.get(name) ?? "").trim();
  const bodies: Record<Asking, (fields: FormData) => object> = {
    verdict: (fields) => ({ kind: "verdict", verdict_id: Number(field(fields, "verdict_id")) }),
    comment: (fields) => ({ kind: "comment", text: field(fields, "text").replace(/\s+/g, " ") }),
    preserve: (fields) => ({ kind: "request", action: "preserve", case_reference: field(fields, "case_reference"), days: Number(field(fields, "days")) }),
    hold: (fields) => ({ kind: "request", action: "hold", case_reference: field(fields, "case_reference"), days: Number(field(fields, "days")) }),
  };
  return (
    <Ask title={title} submit={words.text("send")} close={close} send={(fields) => say(bodies[asking](fields))}>
      <p class="small quiet">{words.text(`${asking}-means`)}</p>
      {asking === "verdict" && (
        <label>{words.text("said-head-verdict")}
          <select name="verdict_id">{VERDICTS.map((id) => <option key={id} value={id}>{words.word("verdict", String(id))}</option>)}</select>
        </label>
      )}
      {asking === "comment" && <label>{words.word("kind", "comment")}<textarea name="text" required onInput={bounded(words, COMMENT_BYTES_MAX)} /></label>}
      {(asking === "preserve" || asking === "hold") && (
        <>
          <CaseReference />
          <label>{words.text("days")}<input name="days" type="number" min={1} max={DAYS_MAX} value={DAYS_MAX} required /></label>
        </>
      )}
    </Ask>
  );
}

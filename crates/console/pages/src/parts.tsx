// What several pages show alike.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused, type Loaded, type Pages } from "./api";
import type { Hearing } from "./changes";
import type { Entity, Row, Source } from "./contract";
import { useWords } from "./words";

/** ISO 3166-1 alpha-2, in the order of their names in English. */
export const COUNTRIES = ["KH", "CN", "LA", "MM", "TH", "VN"];

/** Waiting is shown when it takes this long, ms: what is quick does not flash. */
const WAIT_SHOWN_MS = 250;

export function Waiting() {
  const words = useWords();
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), WAIT_SHOWN_MS);
    return () => clearTimeout(timer);
  }, []);
  return <p class="says wait" role="status" hidden={!isShown}>{words.text("state-loading")}</p>;
}

export function Trouble({ code, again }: { code: string; again?: () => void }) {
  const words = useWords();
  // Nothing is wrong: it is not there yet.
  const isEarly = code === "starting";
  return (
    <div class={`says ${isEarly ? "" : "bad"}`} role={isEarly ? "status" : "alert"}>
      <p>{words.has(`error-${code}`) ? words.text(`error-${code}`) : words.text("error-other", { code })}</p>
      {again && <p><button type="button" onClick={again}>{words.text("again")}</button></p>}
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="says" role="status">{children}</p>;
}

/** Waiting, trouble, or what there is; with trouble what was there before stays. */
export function Answer<T>({ of, children }: { of: Loaded<T>; children: (answer: T) => ComponentChildren }) {
  return (
    <>
      {of.error && <Trouble code={of.error} again={of.again} />}
      {of.answer !== undefined ? children(of.answer) : !of.error && <Waiting />}
    </>
  );
}

/** The way to further pages of a list, and why one did not come. */
export function Further({ of: { next, error, further } }: { of: Pages<unknown> }) {
  const words = useWords();
  return (
    <>
      {error && <Trouble code={error} />}
      {next && <p><button type="button" onClick={further}>{words.text("now-more")}</button></p>}
    </>
  );
}

/** What is beyond a list that is cut. */
export function More({ count, name = "label-more" }: { count: number; name?: string }) {
  const words = useWords();
  return count > 0 ? <p class="small quiet" data-test={name}>{words.text(name, { count })}</p> : null;
}

/** Says that what changes is not told for now. */
export function LineAway({ line }: { line: Hearing }) {
  const words = useWords();
  if (line !== "away") return null;
  return <p class="row small" role="status"><span class="mark bad" data-test="line">{words.text("line-away")}</span></p>;
}

/** How often a time that is left is told anew, ms. */
const TICK_MS = 30_000;

/** Shows the page anew now and then: times that are left, and what they end, go on while somebody looks. */
export function useClock(): void {
  const [, turn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => turn((turns) => turns + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
}

export function Severity({ of }: { of: number }) {
  const words = useWords();
  return <span class={`mark s${Math.min(6, Math.max(0, of))}`}>{words.word("severity", String(of))}</span>;
}

export function When({ at, isLong = false }: { at: string; isLong?: boolean }) {
  const words = useWords();
  return <time dateTime={at} title={at}>{isLong ? words.long(at) : words.short(at)}</time>;
}

export function sourceName({ country, organisation, node }: Source): string {
  return `//${country}/${organisation}/${node}`;
}

export function incidentPage(key: string): string {
  return `/incident/${encodeURIComponent(key)}`;
}

/** What everybody may see of an entity; its token where that is nothing. */
export function shownEntity(entity: Entity): string {
  return entity.value ?? entity.masked ?? entity.prefix ?? entity.tac ?? entity.token.slice(0, 12);
}

/** Marks that change how an alert is to be taken. */
export function Marks({ row }: { row: Row }) {
  const words = useWords();
  const stages = Object.entries(row.stages);
  return (
    <>
      {row.status !== "actual" && <span class="mark warn">{words.word("status", row.status)}</span>}
      {row.state === "cancelled" && <span class="mark warn">{words.text("message-cancel")}</span>}
      {row.state === "closed" && <span class="mark">{words.text("message-close")}</span>}
      {row.disputed_by.length > 0 && (
        <span class="mark bad">{words.text("label-disputed")} {row.disputed_by.map((country) => words.country(country)).join(", ")}</span>
      )}
      {stages.map(([country, stage]) => (
        <span key={country} class="mark">{words.country(country)}: {words.word("stage", stage)}</span>
      ))}
      {stages.length === 0 && row.acknowledged.length > 0 && (
        <span class="mark">{words.text("seen-by")} {row.acknowledged.map((country) => words.country(country)).join(", ")}</span>
      )}
    </>
  );
}

/** An incident on one line. */
export function Line({ row }: { row: Row }) {
  const words = useWords();
  const place = row.place && [row.place.admin1, words.country(row.place.country)].filter(Boolean).join(", ");
  return (
    <a class="alert" href={incidentPage(row.key)}>
      <span class="grade"><Severity of={row.severity} /></span>
      <span>
        <span class="what">{words.title(row.category)}</span>
        {row.entity && <> · {words.word("entity", row.entity.type)} <span class="code">{shownEntity(row.entity)}</span></>}
        {row.entity?.role === "impersonated" && <> <span class="mark">{words.text("role-impersonated")}</span></>}
        <span class="small quiet row">
          <span>{words.country(row.producer.country)}, {row.producer.organisation}</span>
          {place && <span>{place}</span>}
          {row.reason && <span>{words.reason(row.reason)}</span>}
          {row.victims > 0 && <span>{words.text("label-victims")}: {words.number(row.victims)}</span>}
          <Marks row={row} />
        </span>
      </span>
      <span class="when small quiet"><When at={row.published} /></span>
    </a>
  );
}

/** A question in a window of its own; sends, shows what is wrong, closes when it is done. */
export function Ask({ title, submit, close, send, children }: {
  title: string;
  submit: string;
  close: () => void;
  send: (fields: FormData) => Promise<void>;
  children: ComponentChildren;
}) {
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<Refused>();
  const [isSending, setSending] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const sent = async (event: SubmitEvent) => {
    event.preventDefault();
    setSending(true);
    try {
      await send(new FormData(event.target as HTMLFormElement));
      close();
    } catch (error) {
      setError(error instanceof Refused ? error : new Refused("fault", 500));
      setSending(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="asked">
      <form class="fields" onSubmit={sent}>
        <h2 id="asked">{title}</h2>
        {children}
        {error && <Trouble code={error.code} />}
        {error?.field && <p class="small">{error.field}</p>}
        <div class="actions">
          <button class="main" type="submit" disabled={isSending}>{submit}</button>
          <button type="button" onClick={() => dialog.current?.close()}>{words.text("close")}</button>
        </div>
      </form>
    </dialog>
  );
}

// At a carrier's own desk: whom the home lines of an incident name. Masked; each is opened for a case, which is written down.

import { useEffect, useState } from "preact/hooks";
import { send, useAnswer, usePages } from "./api";
import type { Named, Session } from "./contract";
import { CaseReference } from "./entities";
import { Answer, Ask, Empty, Further, When } from "./parts";
import { useWords } from "./words";

interface Place { line: string; place: number }
const name = ({ line, place }: Place) => `${line} ${place}`;

/** Of an incident that was shared, live. */
export function SubscribersOf({ path, revision, session }: { path: string; revision: number; session: Session }) {
  const loaded = useAnswer<Named>(path);
  // A revision may have a line more.
  useEffect(() => {
    if (loaded.answer) loaded.again();
  }, [revision]);
  return <Answer of={loaded}>{(first) => <Subscribers path={path} first={first} session={session} />}</Answer>;
}

/** `path` is where they are asked for: of an incident, or of one at home; `first` what it answers. */
export function Subscribers({ path, first, session }: { path: string; first: Named; session: Session }) {
  const words = useWords();
  const older = usePages(path, first);
  const pages = [first, ...older.pages];
  const [lines, gone] = [pages.flatMap((page) => page.lines), pages.reduce((sum, page) => sum + page.gone, 0)];
  // Kept here alone: gone with the page.
  const [opened, setOpened] = useState<Record<string, string>>({});
  const [asked, setAsked] = useState<Place>();
  const open = async (fields: FormData) => {
    const at = asked as Place;
    const { value } = await send<{ value: string }>("POST", path, { ...at, case_reference: String(fields.get("case_reference") ?? "").trim() });
    setOpened((before) => ({ ...before, [name(at)]: value }));
  };
  return (
    <>
      <p class="small quiet">{words.text("subscribers-tell")}</p>
      {lines.length === 0 ? <Empty>{words.text("subscribers-none")}</Empty> : <Table lines={lines} opened={opened} ask={session.may.includes("clear") ? setAsked : undefined} />}
      {gone > 0 && <p class="says warn">{words.text("subscribers-gone", { count: gone })}</p>}
      {first.has_unlooked && <p class="says warn">{words.text("subscribers-more")}</p>}
      <Further of={older} />
      {asked && (
        <Ask title={words.text("open-value")} submit={words.text("open-value")} close={() => setAsked(undefined)} send={open}>
          <p>{words.text("open-means")}</p>
          <CaseReference />
        </Ask>
      )}
    </>
  );
}

function Table({ lines, opened, ask }: { lines: Named["lines"]; opened: Record<string, string>; ask?: (at: Place) => void }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("subscribers")}>
      <table>
        <thead><tr>
          {["role", "type", "value"].map((head) => <th key={head} scope="col">{words.text(`entity-head-${head}`)}</th>)}
          <th scope="col">{words.text("fact-events")}</th><th scope="col">{words.text("home-line")}</th>
        </tr></thead>
        <tbody>
          {lines.flatMap(({ line, last_event, named }) => named.map(({ type, role, masked }, place) => {
            const value = opened[name({ line, place })];
            return (
              <tr key={name({ line, place })}>
                <td><span class={`mark ${role === "suspect" ? "warn" : ""}`}>{words.word("role", role)}</span></td>
                <td>{words.word("entity", type)}</td>
                <td>
                  <span class="code">{value ?? masked ?? "•••"}</span>
                  {ask && value === undefined && <> <button type="button" onClick={() => ask({ line, place })}>{words.text("open-value")}</button></>}
                </td>
                <td class="nowrap">{place === 0 && <When at={last_event} isLong />}</td>
                <td class="code nowrap">{place === 0 && line}</td>
              </tr>
            );
          }))}
        </tbody>
      </table>
    </div>
  );
}

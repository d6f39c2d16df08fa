// Who and what is in an incident: tokens and masks for everybody; a sealed value is opened for a case, which is written down.

import { useState } from "preact/hooks";
import { send } from "./api";
import { bounded } from "./bounded";
import type { Incident, Session } from "./contract";
import { Ask, shownEntity } from "./parts";
import { useWords } from "./words";

export function Entities({ incident, session }: { incident: Incident; session: Session }) {
  const words = useWords();
  // Kept here alone: gone with the page.
  const [opened, setOpened] = useState<Record<number, string>>({});
  const [asked, setAsked] = useState<number>();
  const mayOpen = session.may.includes("open");
  const open = async (fields: FormData) => {
    const place = asked as number;
    const body = { entity: place, case_reference: String(fields.get("case_reference") ?? "").trim() };
    const { value } = await send<{ value: string }>("POST", `incidents/${encodeURIComponent(incident.row.key)}/open`, body);
    setOpened((before) => ({ ...before, [place]: value }));
  };
  return (
    <>
      <div class="scroll" tabIndex={0} role="group" aria-label={words.text("entities")}>
        <table>
          <thead>
            <tr>
              {["role", "type", "value", "country", "holder", "token"].map((name) => <th key={name} scope="col">{words.text(`entity-head-${name}`)}</th>)}
            </tr>
          </thead>
          <tbody>
            {incident.alert.entities.map((entity, place) => (
              <tr key={place}>
                <td><span class={`mark ${entity.role === "suspect" ? "warn" : ""}`}>{words.word("role", entity.role)}</span></td>
                <td>{words.word("entity", entity.type)}</td>
                <td>
                  <span class="code">{opened[place] ?? shownEntity(entity)}</span>
                  {mayOpen && opened[place] === undefined && incident.openable.includes(place) && (
                    <> <button type="button" onClick={() => setAsked(place)}>{words.text("open-value")}</button></>
                  )}
                </td>
                <td>{entity.country ? words.country(entity.country) : "–"}</td>
                <td>{entity.range_holder ?? "–"}</td>
                <td class="code nowrap" title={entity.token}><a href={`/?q=${encodeURIComponent(entity.token)}`}>{entity.token.slice(0, 12)}…</a></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {incident.alert.entities.some((entity) => entity.role === "impersonated") && <p class="small quiet">{words.text("impersonated-means")}</p>}
      {asked !== undefined && (
        <Ask title={words.text("open-value")} submit={words.text("open-value")} close={() => setAsked(undefined)} send={open}>
          <p>{words.text("open-means")}</p>
          <CaseReference />
        </Ask>
      )}
    </>
  );
}

/** Longest reference of a case: a hundred letters of any of our scripts. Readers take 500 bytes. */
const REFERENCE_BYTES_MAX = 300;

export function CaseReference() {
  const words = useWords();
  return (
    <label>{words.text("case-reference")}
      <input name="case_reference" required onInput={bounded(words, REFERENCE_BYTES_MAX)} autocomplete="off" spellcheck={false} />
    </label>
  );
}

// A case dossier: one signed file of an incident or a campaign, for whoever takes the case over.

import { useState } from "preact/hooks";
import { send, type Download } from "./api";
import type { Session } from "./contract";
import { CaseReference } from "./entities";
import { Ask } from "./parts";
import { LANGUAGES, useWords } from "./words";

/** How long the browser may take to begin with the file before its memory is given back, ms. */
const KEPT_MS = 60_000;

/** The button, for those who may; `path` is the incident's or the campaign's. */
export function Dossier({ path, session }: { path: string; session: Session }) {
  const words = useWords();
  const [isAsked, setAsked] = useState(false);
  if (!session.may.includes("dossier")) return null;
  const make = async (fields: FormData) => {
    const languages = [String(fields.get("first")), String(fields.get("second"))];
    save(await send<Download>("POST", `${path}/dossier`, { case_reference: String(fields.get("case_reference") ?? "").trim(), languages }));
  };
  const others = LANGUAGES.map(([tag]) => tag).filter((tag) => tag !== words.tag);
  return (
    <>
      <button type="button" onClick={() => setAsked(true)}>{words.text("dossier")}</button>
      {isAsked && (
        <Ask title={words.text("dossier")} submit={words.text("dossier")} close={() => setAsked(false)} send={make}>
          <p class="small quiet">{words.text("dossier-means")}</p>
          <CaseReference />
          <fieldset>
            <legend>{words.text("dossier-languages")}</legend>
            <Language name="first" chosen={words.tag} />
            <Language name="second" chosen={others[0] ?? words.tag} />
          </fieldset>
        </Ask>
      )}
    </>
  );
}

function Language({ name, chosen }: { name: string; chosen: string }) {
  const words = useWords();
  const [tag, setTag] = useState(chosen);
  return (
    <select name={name} aria-label={words.text("choose-language")} value={tag} onChange={(event) => setTag(event.currentTarget.value)}>
      {LANGUAGES.map(([tag, own]) => <option key={tag} value={tag} lang={tag}>{own}</option>)}
    </select>
  );
}

/** Gives a file to the browser. */
export function save({ name, content }: Download): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

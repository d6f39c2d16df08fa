// Keys: j and k through a list, Enter opens, Esc goes back, / searches, ? explains. They can be switched off, so that
// speech input does not set them off (WCAG 2.1.4).

import { useEffect, useRef, useState } from "preact/hooks";
import { go, listAddress } from "./route";
import { useWords } from "./words";

const OFF = "lancang:keys-off";

function step(by: number): void {
  const lines = [...document.querySelectorAll<HTMLElement>(".alert")];
  const at = lines.indexOf(document.activeElement as HTMLElement);
  const next = lines[at < 0 ? (by > 0 ? 0 : lines.length - 1) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function back(): void {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused !== document.body && focused.id !== "page") focused.blur();
  else if (location.pathname !== "/") go(listAddress());
}

export function Keys() {
  const words = useWords();
  const [isShown, setShown] = useState(false);
  const [isOff, setOff] = useState(() => localStorage.getItem(OFF) !== null);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, dialog") !== null;
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) return back();
      if (isTyping || isOff || event.ctrlKey || event.metaKey || event.altKey) return;
      const act = ({
        j: () => step(1),
        k: () => step(-1),
        "/": () => document.querySelector<HTMLInputElement>("input[type=search]")?.focus(),
        "?": () => setShown(true),
      } as Record<string, () => void>)[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [isOff]);
  useEffect(() => {
    if (isShown) dialog.current?.showModal();
  }, [isShown]);
  const switched = (off: boolean) => {
    if (off) localStorage.setItem(OFF, "1");
    else localStorage.removeItem(OFF);
    setOff(off);
  };
  return (
    <>
      <button type="button" class="bare keys" onClick={() => setShown(true)}>{words.text("keys")}</button>
      {isShown && (
        <dialog ref={dialog} onClose={() => setShown(false)} aria-labelledby="keys">
          <h2 id="keys">{words.text("keys")}</h2>
          <dl class="facts">
            {["j", "k", "Enter", "Esc", "/", "?"].map((key, place) => [
              <dt key={key}><kbd>{key}</kbd></dt>,
              <dd key={`${key} does`}>{words.text(`key-${["next", "before", "enter", "esc", "search", "help"][place]}`)}</dd>,
            ])}
          </dl>
          <p><label class="across"><input type="checkbox" checked={!isOff} onChange={(event) => switched(!event.currentTarget.checked)} /> {words.text("keys-on")}</label></p>
          <div class="actions"><button type="button" onClick={() => dialog.current?.close()}>{words.text("close")}</button></div>
        </dialog>
      )}
    </>
  );
}

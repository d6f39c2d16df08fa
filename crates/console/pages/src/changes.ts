// What changes while somebody looks: the server tells it, and the page is loaded anew, not too often.
//
// - A browser begins a cut line anew by itself; one that was refused it gives up, and that one is begun anew here.
// - Whenever a line has begun the page is loaded once more: what came before would not be told.
// - A page that nobody looks at holds no line: a browser has six connections to a server, and six tabs would leave none for the next page.
// - Whether the line is there is said (`LineAway`): nobody is to take what has stopped for what is so.

import { useEffect, useState } from "preact/hooks";
import { SIGNED_OUT } from "./api";
import { tellExchange, type Exchange } from "./exchange";

/** What grows changes often: it is shown anew at most this often, ms. */
const SHOWN_EVERY_MS = 1000;
/** Two beats of the server without a word, ms: the line is cut. */
export const SILENCE_MS = 12_000;

export type Hearing = "live" | "away" | "starting";

/** Of what a change is waited for: an incident, all campaigns and joint operations, or one of them by its id. */
export interface Watched { incident?: string; campaigns?: true | string; operations?: true | string }

/** Loads anew when something of that changes; says whether it would be told. */
export function useChanges(again: () => void, { incident, campaigns, operations }: Watched): Hearing {
  const [line, setLine] = useState<Hearing>("starting");
  useEffect(() => {
    let events: EventSource | undefined;
    let heard = Date.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isDue = false;
    const later = () => {
      isDue = true;
      timer ??= setTimeout(() => {
        timer = undefined;
        if (isDue) soon();
      }, SHOWN_EVERY_MS);
    };
    const soon = () => {
      if (timer) return later();
      again();
      later();
      isDue = false;
    };
    const begin = () => {
      heard = Date.now();
      const opened = new EventSource(`/api/v1/events?only=${incident ? encodeURIComponent(incident) : "none"}`);
      events = opened;
      const hear = (name: string, told?: (event: MessageEvent<string>) => void) =>
        opened.addEventListener(name, (event) => {
          heard = Date.now();
          setLine("live");
          told?.(event as MessageEvent<string>);
        });
      const follow = (name: string, wanted?: true | string) => {
        if (!wanted) return;
        hear(name, (event) => {
          const { changed } = JSON.parse(event.data) as { changed: string[] };
          if (wanted === true || changed.includes(wanted)) soon();
        });
      };
      hear("open", later);
      hear("beat", (event) => tellExchange((JSON.parse(event.data) as { exchange?: Exchange }).exchange));
      if (incident) {
        hear("incidents", soon);
      }
      follow("campaigns", campaigns);
      follow("operations", operations);
      hear("reset", soon);
      opened.addEventListener("error", () => setLine("away"));
      opened.addEventListener("signed-out", () => {
        opened.close();
        dispatchEvent(new Event(SIGNED_OUT));
      });
    };
    const turned = () => {
      events?.close();
      if (!document.hidden) begin();
    };
    turned();
    document.addEventListener("visibilitychange", turned);
    const look = setInterval(() => {
      if (document.hidden) return;
      const silent = Date.now() - heard;
      if (silent > SILENCE_MS) setLine("away");
      if (events?.readyState === EventSource.CLOSED && silent >= SILENCE_MS / 2) begin();
    }, SHOWN_EVERY_MS);
    return () => {
      events?.close();
      document.removeEventListener("visibilitychange", turned);
      clearInterval(look);
      clearTimeout(timer);
    };
  }, [again, incident, campaigns, operations]);
  return line;
}

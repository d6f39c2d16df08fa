// What changes while somebody looks: the server tells it, and the page is loaded anew, not too often.

import { useEffect } from "preact/hooks";
import { SIGNED_OUT } from "./api";

/** What grows changes often: it is shown anew at most this often, ms. */
const SHOWN_EVERY_MS = 1000;

/** Of which campaigns and joint operations a change is waited for: all, or one by its id. */
export interface Watched { campaigns?: true | string; operations?: true | string }

/** Loads anew when something of that changes. */
export function useChanges(again: () => void, { campaigns, operations }: Watched): void {
  useEffect(() => {
    // Nothing is asked of incidents: what is searched for is none of theirs.
    const events = new EventSource("/api/v1/events?q=nothing-of-incidents");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        again();
      }, SHOWN_EVERY_MS);
    };
    const follow = (name: string, wanted?: true | string) => {
      if (!wanted) return;
      events.addEventListener(name, (event) => {
        const { changed } = JSON.parse(event.data as string) as { changed: string[] };
        if (wanted === true || changed.includes(wanted)) soon();
      });
    };
    follow("campaigns", campaigns);
    follow("operations", operations);
    events.addEventListener("reset", soon);
    events.addEventListener("signed-out", () => {
      events.close();
      dispatchEvent(new Event(SIGNED_OUT));
    });
    return () => {
      events.close();
      clearTimeout(timer);
    };
  }, [again, campaigns, operations]);
}

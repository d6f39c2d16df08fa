// Whether the console hears its brokers: a line that is there tells nothing of what the server itself does not hear.
//
// The server says it with each beat of a line, and on *Sources*. What it said last counts for four beats: a page without a line does not go on
// saying what may be over.

import { useEffect, useState } from "preact/hooks";

/** As the server tells it. */
export interface Exchange { is_heard: boolean; answered?: string | null }

const TOLD = "lancang:exchange";
/** What was told counts so long, ms: longer than between two looks of *Sources*. */
const COUNTS_MS = 20_000;

/** What was said last, and when: a part of the page that comes later begins with it. */
let last: { since?: string; at: number } = { at: 0 };

/** Takes what the server says. */
export function tellExchange(exchange?: Exchange): void {
  last = { since: exchange && !exchange.is_heard ? exchange.answered ?? undefined : undefined, at: Date.now() };
  dispatchEvent(new Event(TOLD));
}

const counting = () => (Date.now() - last.at < COUNTS_MS ? last.since : undefined);

/** Since when nothing was heard; none where all is as it should be. */
export function useSilence(): string | undefined {
  const [since, setSince] = useState(counting);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = () => {
      clearTimeout(timer);
      setSince(counting());
      timer = setTimeout(() => setSince(undefined), COUNTS_MS);
    };
    take();
    addEventListener(TOLD, take);
    return () => {
      removeEventListener(TOLD, take);
      clearTimeout(timer);
    };
  }, []);
  return since;
}

// The address bar says what is shown: page and filters. A link that is copied shows the same to another reader.

import { useEffect, useState } from "preact/hooks";

export interface Route {
  /** Parts of the path. */
  path: string[];
  query: URLSearchParams;
}

function read(): Route {
  if (location.pathname === "/") list = location.pathname + location.search;
  const path = location.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  return { path, query: new URLSearchParams(location.search) };
}

const MOVED = "lancang:moved";

let list = "/";

/** The list as it was last looked at, with its filters. */
export function listAddress(): string {
  return list;
}

/** Goes to an address of these pages. */
export function go(address: string, how: "push" | "replace" = "push"): void {
  if (address === location.pathname + location.search) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", address);
  dispatchEvent(new Event(MOVED));
}

const BACK = "lancang:back";

/** Before a provider's page takes this one's place: what was looked at is come back to. */
export function leave(): void {
  if (location.pathname !== "/sign-in") sessionStorage.setItem(BACK, location.pathname + location.search);
}

/** Where somebody was before, once. */
export function cameFrom(): string | undefined {
  const address = sessionStorage.getItem(BACK) ?? "";
  sessionStorage.removeItem(BACK);
  return /^\/(?!\/)/.test(address) ? address : undefined;
}

/** The same page with other filters; an empty one is left out. */
export function filterTo(changed: Record<string, string>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changed)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ""), "replace");
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const moved = () => setRoute(read());
    addEventListener("popstate", moved);
    addEventListener(MOVED, moved);
    return () => {
      removeEventListener("popstate", moved);
      removeEventListener(MOVED, moved);
    };
  }, []);
  return route;
}

/** Links to these pages do not load them anew. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    const to = new URL(link.href, location.href);
    if (to.origin !== location.origin || to.pathname.startsWith("/api/") || to.hash) return;
    event.preventDefault();
    go(to.pathname + to.search);
    scrollTo(0, 0);
  });
}

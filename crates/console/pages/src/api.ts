// Requests to the server. Every answer that is none becomes a `Refused` with the code that the texts `error-…` explain.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

const ROOT = "/api/v1/";
/** Longer than almost any answer takes, ms: then the reader is told. */
const PATIENCE_MS = 30_000;
/** For what somebody does: longer than the server waits for the exchange (`ACT_ANSWERED_MS`), so that its word is shown and not ours. */
const ACT_PATIENCE_MS = 45_000;

export class Refused extends Error {
  constructor(readonly code: string, readonly status: number, readonly field?: string) {
    super(code);
  }
}

/** The server has no session of ours any more. */
export const SIGNED_OUT = "lancang:signed-out";
let csrf = "";

export function setCsrf(token: string | null | undefined): void {
  csrf = token ?? "";
}

/** A file that the server has made, and its name. */
export interface Download { name: string; content: Blob }

async function ask(path: string, options: RequestInit): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(ROOT + path, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS), ...options });
  } catch {
    throw new Refused("unreachable", 0);
  }
  if (answer.status === 204) return undefined;
  const name = /^attachment; filename="([\w.-]+)"$/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
  if (answer.ok && name) return { name, content: await answer.blob() } satisfies Download;
  const body = await answer.json().catch(() => undefined);
  if (answer.ok && body !== undefined) return body;
  const { code = "fault", field } = (body as { error?: { code?: string; field?: string } } | undefined)?.error ?? {};
  if (code === "signed-out") dispatchEvent(new Event(SIGNED_OUT));
  throw new Refused(code, answer.status, field);
}

export async function get<T>(path: string): Promise<T> {
  return (await ask(path, {})) as T;
}

export async function send<T>(method: "POST" | "DELETE", path: string, body?: object, patienceMs = ACT_PATIENCE_MS): Promise<T> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (csrf) headers["x-csrf-token"] = csrf;
  return (await ask(path, { method, headers, body: body ? JSON.stringify(body) : undefined, signal: AbortSignal.timeout(patienceMs) })) as T;
}

export function code(error: unknown): string {
  return error instanceof Refused ? error.code : "fault";
}

/** What a path answers: loading, then an answer or why there is none; `again` keeps what is shown until the next is there. */
export interface Loaded<T> { answer?: T; error?: string; again: () => void }

export function useAnswer<T>(path: string | null): Loaded<T> {
  const [state, setState] = useState<{ path: string | null; answer?: T; error?: string }>({ path: null });
  const asked = useRef(0);
  const again = useCallback(() => {
    if (path === null) return;
    const turn = ++asked.current;
    get<T>(path).then(
      (answer) => turn === asked.current && setState({ path, answer }),
      (error) => turn === asked.current && setState((before) => ({ path, answer: before.path === path ? before.answer : undefined, error: code(error) })),
    );
  }, [path]);
  useEffect(() => {
    again();
    return () => void asked.current++;
  }, [again]);
  return state.path === path ? { answer: state.answer, error: state.error, again } : { again };
}

/** What follows the first page of a list; `error` is why the last one that was asked for did not come. */
export interface Pages<P> { pages: P[]; next?: string | null; error?: string; further: () => void }

/**
 * Pages of a list after its first one, one more each time that somebody asks. Once the first page is loaded anew they may not follow it, and
 * go; those of a list that is loaded anew with each change `stay` for as long as it is the same path. What comes after that is dropped, and
 * none is asked for twice at once.
 */
export function usePages<P extends { next?: string | null }>(path: string, first: P | undefined, stay = false): Pages<P> {
  const of = stay ? path : first;
  const [held, setHeld] = useState<{ of: unknown; pages: P[]; error?: string }>({ of: undefined, pages: [] });
  const shown = useRef<unknown>(undefined);
  shown.current = of;
  const asked = useRef<{ of: unknown } | undefined>(undefined);
  const { pages, error } = held.of === of ? held : { pages: [], error: undefined };
  const next = (pages.at(-1) ?? first)?.next;
  const further = () => {
    if (!next || asked.current?.of === of) return;
    const turn = { of };
    asked.current = turn;
    setHeld({ of, pages });
    const come = (found: { pages: P[]; error?: string }) => {
      if (asked.current === turn) asked.current = undefined;
      if (shown.current === of) setHeld({ of, ...found });
    };
    get<P>(`${path}${path.includes("?") ? "&" : "?"}after=${encodeURIComponent(next)}`).then(
      (page) => come({ pages: [...pages, page] }),
      (refused) => come({ pages, error: code(refused) }),
    );
  };
  return { pages, next, error, further };
}

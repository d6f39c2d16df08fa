// The console: signs in, chooses the language, shows the page that the address names.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { code, get, send, setCsrf, SIGNED_OUT } from "./api";
import { AuditPage } from "./audit";
import { BarListPage } from "./bar-list";
import { CampaignPage, CampaignsPage } from "./campaigns";
import type { Session } from "./contract";
import { CoordinationPage } from "./coordination";
import { useSilence } from "./exchange";
import { FiguresPage } from "./figures";
import { HomeIncidentPage, HomePage } from "./home";
import { IncidentPage } from "./incident";
import { Keys } from "./keys";
import { Login } from "./login";
import { Now } from "./now";
import { OperationPage } from "./operations";
import { Empty, Trouble, Waiting } from "./parts";
import { cameFrom, followLinks, go, useRoute, type Route } from "./route";
import { SourcesPage } from "./sources";
import { LANGUAGES, languageOf, Words, WordsProvider, useWords } from "./words";

/** How often it is asked whether topics have been read, ms. */
const READ_LOOKED_EVERY_MS = 2_000;
const [LANGUAGE, THEME] = ["lancang:language", "lancang:theme"];

function Console() {
  const [tag, setTag] = useState(() => localStorage.getItem(LANGUAGE) ?? languageOf(navigator.languages));
  const [words, setWords] = useState<Words>();
  const [isWithout, setWithout] = useState(false);
  useEffect(() => {
    let isLatest = true;
    fetch(`/assets/locales/${tag}.ftl`)
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(`${answer.status}`))))
      .then((source) => {
        if (!isLatest) return;
        document.documentElement.lang = tag;
        setWords(new Words(tag, source));
        setWithout(false);
      })
      .catch(() => isLatest && setWithout(true));
    return () => {
      isLatest = false;
    };
  }, [tag]);
  const choose = (chosen: string) => {
    localStorage.setItem(LANGUAGE, chosen);
    setTag(chosen);
  };
  if (!words) return isWithout ? <p role="alert">The server cannot be reached. Load this page anew.</p> : null;
  return <WordsProvider value={words}><Frame tag={tag} choose={choose} /></WordsProvider>;
}

function Frame({ tag, choose }: { tag: string; choose: (tag: string) => void }) {
  const words = useWords();
  const route = useRoute();
  const [session, setSession] = useState<Session | null>();
  const [error, setError] = useState<string>();
  const take = (found: Session | null) => {
    setCsrf(found?.csrf);
    setSession(found);
  };
  const look = () => {
    setError(undefined);
    const came = (found: Session) => {
      take(found);
      const before = found.user.name ? cameFrom() : undefined;
      if (before && location.pathname === "/") go(before, "replace");
    };
    get<Session>("session").then(came, (refused) => (code(refused) === "signed-out" ? take(null) : setError(code(refused))));
  };
  useEffect(() => {
    look();
    const signedOut = () => take(null);
    addEventListener(SIGNED_OUT, signedOut);
    return () => removeEventListener(SIGNED_OUT, signedOut);
  }, []);
  const isReading = session?.is_read === false;
  useEffect(() => {
    if (!isReading) return;
    const timer = setInterval(look, READ_LOOKED_EVERY_MS);
    return () => clearInterval(timer);
  }, [isReading]);
  const signOut = () =>
    send<{ leave?: string } | undefined>("DELETE", "session").then((left) => (left?.leave ? location.assign(left.leave) : look()), look);
  const isAtDoor = session === null || route.path[0] === "sign-in";
  return (
    <>
      <a class="skip" href="#page">{words.text("skip")}</a>
      <header class="top">
        <a class="brand" href="/">lancang</a>
        {session?.desk && !isAtDoor && <span class="small mark">{words.text("desk-of", { carrier: session.desk.slice(2).replace("/", " ") })}</span>}
        {session && !isAtDoor && <Pages route={route} session={session} />}
        <div class="about">
          <Keys />
          <Theme />
          <select aria-label={words.text("choose-language")} value={tag} onChange={(event) => choose(event.currentTarget.value)}>
            {LANGUAGES.map(([tag, name]) => <option key={tag} value={tag} lang={tag}>{name}</option>)}
          </select>
          {session?.user.name && <span class="small who">{session.user.person ?? session.user.name} <span class="quiet">{words.word("user-role", session.user.role)}{session.user.country ? `, ${words.country(session.user.country)}` : ""}</span></span>}
          {session?.user.name && <button type="button" onClick={() => void signOut()}>{words.text("sign-out")}</button>}
          {session?.open && !session.user.name && !isAtDoor && <a href="/sign-in">{words.text("sign-in")}</a>}
        </div>
      </header>
      <Titled route={route}>
        {error && <Trouble code={error} again={look} />}
        {session === undefined && !error && <Waiting />}
        {isAtDoor && session !== undefined && <Login route={route} signedIn={(found) => { cameFrom(); take(found); if (route.path[0] === "sign-in") go("/"); }} />}
        {session && !isAtDoor && <Silence session={session} />}
        {isReading && !isAtDoor && <p class="says warn" role="status" data-test="reading">{words.text("state-reading")}</p>}
        {/* Once topics have been read, what was not whole is loaded anew. */}
        {session && !isAtDoor && <Page key={isReading ? "reading" : "read"} route={route} session={session} />}
      </Titled>
      <footer>
        {words.unreviewed() && <p>{words.unreviewed()}</p>}
        <p>{words.text("clock", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}{session ? ` · lancang ${session.version}` : ""}</p>
      </footer>
    </>
  );
}

/** What a carrier's own desk has no part in. */
const OF_AGENCIES = ["campaigns", "coordination", "operations"];
/** Pages of one thing, and the page that it is reached from. */
const BELOW: Record<string, string> = { incident: "", operations: "coordination" };
const PAGES: [path: string, text: string][] = [["", "page-now"], ["figures", "page-figures"], ["campaigns", "page-campaigns"], ["coordination", "page-coordination"], ["sources", "page-sources"]];

function Pages({ route, session }: { route: Route; session: Session }) {
  const words = useWords();
  const pages = session.desk ? PAGES.filter(([path]) => !OF_AGENCIES.includes(path)) : [...PAGES];
  if (session.desk) pages.splice(1, 0, ["home", "page-home"], ["bar-list", "page-bar-list"]);
  if (session.may.includes("audit")) pages.push(["audit", "page-audit"]);
  const at = BELOW[route.path[0] ?? ""] ?? route.path[0] ?? "";
  return (
    <nav aria-label={words.text("pages")}>
      <ul>{pages.map(([path, text]) => <li key={path}><a href={`/${path}`} aria-current={at === path ? "page" : undefined}>{words.text(text)}</a></li>)}</ul>
    </nav>
  );
}

function Page({ route, session }: { route: Route; session: Session }) {
  const words = useWords();
  const [page = "", id] = route.path;
  if (page === "") return <Now route={route} />;
  if (page === "incident" && id) return <IncidentPage key={id} id={id} session={session} />;
  if (page === "figures") return <FiguresPage route={route} />;
  if (page === "home" && id && session.desk) return <HomeIncidentPage key={id} id={id} session={session} />;
  if (page === "home" && session.desk) return <HomePage session={session} />;
  if (page === "bar-list" && session.desk) return <BarListPage session={session} />;
  if (session.desk && OF_AGENCIES.includes(page)) return <Empty>{words.text("error-not-found")} <a href="/">{words.text("page-now")}</a></Empty>;
  if (page === "campaigns" && id) return <CampaignPage key={id} id={id} session={session} />;
  if (page === "campaigns") return <CampaignsPage route={route} />;
  if (page === "operations" && id) return <OperationPage key={id} id={id} session={session} />;
  if (page === "coordination") return <CoordinationPage route={route} />;
  if (page === "sources") return <SourcesPage />;
  if (page === "audit" && session.may.includes("audit")) return <AuditPage />;
  return <Empty>{words.text("error-not-found")} <a href="/">{words.text("page-now")}</a></Empty>;
}

/** Says since when the console hears nothing: nobody is to take what has stopped for what is so. */
function Silence({ session }: { session: Session }) {
  const words = useWords();
  const since = useSilence();
  const text = session.desk ? "home-silent" : "exchange-silent";
  return <div role="status">{since && <p class="says warn" data-test="silence">{words.text(text, { since: words.short(since) })}</p>}</div>;
}

/** Another page is another title, and reading begins at its top. */
function Titled({ route, children }: { route: Route; children: preact.ComponentChildren }) {
  const words = useWords();
  const main = useRef<HTMLElement>(null);
  const path = route.path.join("/");
  const isFirst = useRef(true);
  useEffect(() => {
    const name = words.has(`page-${route.path[0] ?? "now"}`) ? words.text(`page-${route.path[0] ?? "now"}`) : words.text("page-now");
    document.title = `${name} – lancang`;
  }, [path, words]);
  useEffect(() => {
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  return <main id="page" ref={main} tabIndex={-1}>{children}</main>;
}

function Theme() {
  const words = useWords();
  const [theme, setTheme] = useState(() => localStorage.getItem(THEME) ?? "auto");
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem(THEME, theme);
  }, [theme]);
  return (
    <select aria-label={words.text("theme")} value={theme} onChange={(event) => setTheme(event.currentTarget.value)}>
      {["auto", "light", "dark"].map((name) => <option key={name} value={name}>{words.text(`theme-${name}`)}</option>)}
    </select>
  );
}

followLinks();
const app = document.getElementById("app");
if (app) render(<Console />, app);

// Texts: every language has every text with the same values, every key that the pages ask for is there, and nothing is
// shown but as text.
//
//     node tests/texts.mjs

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const pages = join(dirname(fileURLToPath(import.meta.url)), "..");
const read = (...path) => readFileSync(join(pages, ...path), "utf8");
const wrong = [];
const expect = (holds, what) => holds || wrong.push(what);

/** Keys of a file with the values that their texts take. */
function texts(source, name) {
  const found = new Map();
  for (const line of source.split("\n").filter((line) => line.trim() && !line.startsWith("#"))) {
    const [, key, text] = line.match(/^([A-Za-z][\w-]*) = (.+)$/) ?? [];
    expect(key, `${name}: not a text: ${line}`);
    expect(!found.has(key), `${name}: ${key} is there twice`);
    found.set(key, [...text.matchAll(/\{ \$(\w+) \}/g)].map(([, value]) => value).sort().join(" "));
  }
  return found;
}

const files = readdirSync(join(pages, "locales")).sort();
const alertFiles = readdirSync(join(pages, "../../alert/locales")).sort();
expect(files.join() === alertFiles.join(), `languages of the pages ${files}, of alerts ${alertFiles}`);
const [english, alerts] = [texts(read("locales/en.ftl"), "en"), texts(read("../../alert/locales/en.ftl"), "alerts")];
for (const key of english.keys()) expect(!alerts.has(key), `${key} is a text of alerts already`);
for (const file of files) {
  const found = texts(read("locales", file), file);
  for (const [key, values] of english) expect(found.get(key) === values, `${file}: ${key} is missing or takes other values`);
  for (const key of found.keys()) expect(english.has(key), `${file}: ${key} is in no other language`);
}

// Days in languages that many browsers do not know: as `Intl` of Node.js, which knows them, has them.
const { code: dates } = await transform(read("src/dates.ts"), { loader: "ts" });
const { dayOf } = await import(`data:text/javascript,${encodeURIComponent(dates)}`);
for (const tag of ["km", "lo", "my"]) {
  const long = new Intl.DateTimeFormat(tag, { dateStyle: "long", timeZone: "UTC" });
  for (let month = 0; month < 12; month++) {
    for (const day of [1, 9, 28]) {
      const [own, known] = [dayOf(tag, day, month, 2026), long.format(new Date(Date.UTC(2026, month, day)))];
      expect(own === known, `${tag}: ${own}, ${known} in CLDR`);
    }
  }
}
expect(dayOf("vi", 1, 0, 2026) === undefined, "what browsers know is theirs");

// Sets of words: what the server and the exchange may say.
const SETS = {
  "user-role": ["viewer", "investigator", "liaison", "auditor", "analyst"],
  state: ["open", "closed", "cancelled"],
  stage: ["new", "acknowledged", "investigating", "joint-operation", "referred", "disputed"],
  kind: ["acknowledgement", "status", "verdict", "comment", "request", "receipt", "suppression", "cancel", "operation", "operation-answer", "operation-addition", "operation-stage"],
  "operation-stage": ["proposed", "agreed", "running", "closed"],
  "operation-answer": ["accepted", "declined", "left"],
  "operation-outcome": ["suspects-handed-over", "sites-closed", "no-result", "withdrawn"],
  unheard: ["other-proposer", "not-invited", "not-in-it", "too-few", "closed"],
  measure: ["preserve", "hold"],
  outcome: ["accepted", "refused", "asked", "done", "failed", "unconfirmed"],
  verdict: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99],
  why: ["token", "link", "campaign"],
  link: ["device", "sim", "template", "domain", "device-range", "range-hour", "trunk", "sender"],
  country: ["CN", "KH", "LA", "MM", "TH", "VN"],
  // What the server says, and why messages are refused: `tests/pages.rs` has those words of their sources.
  error: ["unreachable", "other"],
  line: ["live", "away", "starting"],
  theme: ["auto", "light", "dark"],
  span: ["day", "week", "month", "quarter"],
  response: ["acknowledgement", "status", "verdict", "receipt", "operation"],
};
for (const [set, names] of Object.entries(SETS)) for (const name of names) expect(english.has(`${set}-${name}`), `${set}-${name} has no text`);

const sources = readdirSync(join(pages, "src")).map((name) => [name, read("src", name)]);
for (const [name, source] of sources) {
  for (const [, key] of source.matchAll(/\b(?:text|has)\([^()"`]*"([\w-]+)"/g)) {
    expect(english.has(key) || alerts.has(key) || key === "unreviewed", `${name}: no text ${key}`);
  }
  for (const [, set] of source.matchAll(/text\(`([\w-]+)-\$\{/g)) {
    expect([...english.keys(), ...alerts.keys()].some((key) => key.startsWith(`${set}-`)), `${name}: no text begins with ${set}-`);
  }
  // What others wrote is shown as text alone.
  const banned = source.match(/innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|document\.write|\beval\(|new Function|createContextualFragment|DOMParser|srcdoc/i);
  expect(!banned, `${name}: ${banned?.[0]}`);
}

if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
console.log(`${files.length} languages, ${english.size + alerts.size} texts`);

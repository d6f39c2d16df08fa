// Sources: which carrier is heard, what is missing of it, and what was refused in its name.

import { useEffect } from "preact/hooks";
import { useAnswer } from "./api";
import type { Sources } from "./contract";
import { tellExchange } from "./exchange";
import { Answer, Empty, sourceName, When } from "./parts";
import { useWords, type Words } from "./words";

const LOOKED_EVERY_MS = 15_000;
/** Nothing from a source for this long is said, ms. A silent one is no fault: it may have nothing to tell. */
const QUIET_MS = 24 * 3_600_000;

export function SourcesPage() {
  const words = useWords();
  const loaded = useAnswer<Sources>("sources");
  useEffect(() => {
    const timer = setInterval(loaded.again, LOOKED_EVERY_MS);
    return () => clearInterval(timer);
  }, [loaded.again]);
  useEffect(() => {
    if (loaded.answer) tellExchange(loaded.answer.exchange);
  }, [loaded.answer]);
  return (
    <>
      <h1>{words.text("page-sources")}</h1>
      <Answer of={loaded}>
        {(sources) => (
          <>
            <section class="sheet">
              <h2>{words.text("sources")}</h2>
              {sources.sources.length === 0 ? <Empty>{words.text("sources-none")}</Empty> : <Heard sources={sources} />}
              {Object.keys(sources.unattributed).length > 0 && <p class="says warn">{words.text("unattributed")}: {refused(words, sources.unattributed)}</p>}
            </section>
            <section class="sheet"><h2>{words.text("topics")}</h2><Topics sources={sources} /></section>
          </>
        )}
      </Answer>
    </>
  );
}

function refused(words: Words, counts: Record<string, number>): string {
  return Object.entries(counts).map(([kind, count]) => `${words.word("refused", kind)} ${words.number(count)}`).join(", ");
}

function Heard({ sources }: { sources: Sources }) {
  const words = useWords();
  const now = Date.parse(sources.now);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("sources")}>
      <table>
        <thead><tr>
          <th scope="col">{words.text("fact-producer")}</th>
          {["alerts", "last-sequence", "missing"].map((name) => <th key={name} scope="col" class="number">{words.text(name)}</th>)}
          <th scope="col">{words.text("last-published")}</th><th scope="col">{words.text("rejected")}</th><th scope="col">{words.text("signing-key")}</th>
        </tr></thead>
        <tbody>
          {sources.sources.map((one) => (
            <tr key={sourceName(one.source)}>
              <th scope="row"><a href={`/?source=${encodeURIComponent(sourceName(one.source))}`}>{words.country(one.source.country)}, {one.source.organisation}</a> <span class="code">{one.source.node}</span></th>
              <td class="number">{words.number(one.alerts)}</td>
              <td class="number">{words.number(one.last_sequence)}</td>
              <td class="number">{one.missing > 0 ? <span class="mark warn">{words.text("gaps", { missing: one.missing, gaps: one.gaps })}</span> : words.number(0)}</td>
              <td>{one.last_published ? <When at={one.last_published} /> : "–"}{one.last_published && now - Date.parse(one.last_published) > QUIET_MS && <> <span class="mark">{words.text("quiet-source")}</span></>}</td>
              <td>{Object.keys(one.refused).length > 0 ? <span class="mark bad">{refused(words, one.refused)}</span> : "–"}</td>
              <td class="code">{one.key_id ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Topics({ sources }: { sources: Sources }) {
  const words = useWords();
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("topics")}>
      <table>
        <thead><tr>
          <th scope="col">{words.text("topic")}</th><th scope="col" class="number">{words.text("read-to")}</th><th scope="col" class="number">{words.text("behind")}</th><th scope="col">{words.text("looked")}</th>
        </tr></thead>
        <tbody>
          {sources.topics.map((topic) => (
            <tr key={topic.name}>
              <th scope="row" class="code">{topic.topic}</th>
              <td class="number">{words.number(topic.offset)}</td>
              <td class="number">{topic.is_current ? words.number(topic.lag) : <span class="mark warn">{words.number(topic.lag)}</span>}</td>
              <td>{topic.read ? <When at={topic.read} /> : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

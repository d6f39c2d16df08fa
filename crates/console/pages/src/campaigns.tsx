// Campaigns: alerts of several carriers that hang together. The list, and one of them as a graph and a table.

import { useAnswer, usePages } from "./api";
import { useChanges } from "./changes";
import type { Campaign, Campaigns, Session, WholeCampaign } from "./contract";
import { Dossier } from "./dossier";
import { Graph } from "./graph";
import { InOperations } from "./operation-acts";
import { Answer, COUNTRIES, Empty, Further, LineAway, Severity, When, incidentPage, sourceName } from "./parts";
import { filterTo, type Route } from "./route";
import { useWords, type Words } from "./words";

export function CampaignsPage({ route }: { route: Route }) {
  const words = useWords();
  const [country, status] = [route.query.get("country") ?? "", route.query.get("status") ?? "live"];
  const query = new URLSearchParams({ ...(country && { country }), ...(status !== "all" && { status }) }).toString();
  const path = `campaigns?${query}`;
  const loaded = useAnswer<Campaigns>(path);
  // What changes is loaded anew; older pages that somebody has opened stay.
  const older = usePages(path, loaded.answer, true);
  const line = useChanges(loaded.again, { campaigns: true });
  return (
    <>
      <h1>{words.text("page-campaigns")}</h1>
      <p class="quiet">{words.text("campaigns-tell")} {words.text("campaigns-own")}</p>
      <LineAway line={line} />
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>{words.text("filter-country")}
          <select value={country} onChange={(event) => filterTo({ country: event.currentTarget.value })}>
            <option value="">{words.text("filter-all")}</option>
            {COUNTRIES.map((code) => <option key={code} value={code}>{words.country(code)}</option>)}
          </select>
        </label>
        <label>{words.text("filter-state")}
          <select value={status} onChange={(event) => filterTo({ status: event.currentTarget.value })}>
            {["live", "dissolved", "all"].map((name) => <option key={name} value={name}>{words.text(`campaigns-${name}`)}</option>)}
          </select>
        </label>
      </form>
      <Answer of={loaded}>
        {(first) => first.campaigns.length === 0 ? <Empty>{words.text("campaigns-none")}</Empty> : (
          <>
            <List campaigns={together(first.campaigns, older.pages.flatMap((page) => page.campaigns))} />
            <Further of={older} />
          </>
        )}
      </Answer>
    </>
  );
}

/** The newest, then those of older pages that are not among them. */
function together(newest: Campaign[], older: Campaign[]): Campaign[] {
  const known = new Set(newest.map((campaign) => campaign.campaign_id));
  return [...newest, ...older.filter((campaign) => !known.has(campaign.campaign_id))];
}

function counts(words: Words, of: Record<string, number>, name: (key: string) => string): string {
  return Object.entries(of).sort(([, a], [, b]) => b - a).map(([key, count]) => `${name(key)} ${words.number(count)}`).join(", ");
}

function List({ campaigns }: { campaigns: Campaign[] }) {
  const words = useWords();
  return (
    <div class="sheet scroll" tabIndex={0} role="group" aria-label={words.text("page-campaigns")}>
      <table>
        <thead><tr>
          <th scope="col">{words.text("campaign")}</th><th scope="col">{words.text("severity")}</th><th scope="col" class="number">{words.text("alerts")}</th>
          <th scope="col">{words.text("countries")}</th><th scope="col">{words.text("patterns")}</th><th scope="col">{words.text("fact-events")}</th>
        </tr></thead>
        <tbody>
          {campaigns.map((campaign) => (
            <tr key={campaign.campaign_id}>
              <th scope="row"><a href={`/campaigns/${campaign.campaign_id}`} class="code nowrap">{campaign.campaign_id.slice(0, 12)}</a> {campaign.status !== "actual" && <span class="mark warn">{words.word("status", campaign.status)}</span>}</th>
              <td><Severity of={campaign.severity} /></td>
              <td class="number">{words.number(campaign.alerts)}{campaign.further > 0 && <span title={words.text("campaign-further", { count: campaign.further })}> + {words.number(campaign.further)}</span>}</td>
              <td>{counts(words, campaign.countries, (country) => words.country(country))}</td>
              <td>{counts(words, campaign.patterns, (pattern) => pattern)}</td>
              <td class="nowrap"><When at={campaign.first_event} /> – <When at={campaign.last_event} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function CampaignPage({ id, session }: { id: string; session: Session }) {
  const words = useWords();
  const loaded = useAnswer<WholeCampaign>(`campaigns/${encodeURIComponent(id)}`);
  const line = useChanges(loaded.again, { campaigns: id, operations: true });
  return (
    <>
      <p class="unprinted"><a href="/campaigns">{words.text("back-to-campaigns")}</a></p>
      <LineAway line={line} />
      <Answer of={loaded}>{(campaign) => <Whole campaign={campaign} session={session} again={loaded.again} />}</Answer>
    </>
  );
}

function Whole({ campaign, session, again }: { campaign: WholeCampaign; session: Session; again: () => void }) {
  const words = useWords();
  return (
    <article>
      <div class="head">
        <h1>{words.text("campaign")} <span class="code">{campaign.campaign_id.slice(0, 12)}</span></h1>
        <div class="actions"><Dossier path={`campaigns/${encodeURIComponent(campaign.campaign_id)}`} session={session} /></div>
      </div>
      <p class="row"><Severity of={campaign.severity} /><span>{words.text("campaign-holds", { count: campaign.alerts })}</span><When at={campaign.first_event} isLong /> – <When at={campaign.last_event} isLong /></p>
      {campaign.further > 0 && <p class="quiet">{words.text("campaign-further", { count: campaign.further })}</p>}
      {campaign.message === "dissolved" && (
        <p class="says warn">{words.text("campaign-dissolved")} {campaign.merged_into && <a href={`/campaigns/${campaign.merged_into}`} class="code">{campaign.merged_into.slice(0, 12)}</a>}</p>
      )}
      {!campaign.is_named && (
        <p class="quiet">{campaign.part_of ? <>{words.text("campaign-part-of")} <a href={`/campaigns/${campaign.part_of}`} class="code">{campaign.part_of.slice(0, 12)}</a></> : words.text("campaign-own")}</p>
      )}
      <section class="sheet"><h2>{words.text("graph")}</h2><Graph campaign={campaign} />{!!campaign.more_edges && <p class="small quiet" data-test="more-edges">{words.text("campaign-more-edges", { count: campaign.more_edges })}</p>}</section>
      <div class="columns">
        <section class="sheet">
          <h2>{words.text("countries")}</h2>
          <p>{counts(words, campaign.countries, (country) => words.country(country))}</p>
          <p class="small quiet">{counts(words, campaign.carriers, (carrier) => carrier)}</p>
        </section>
        <section class="sheet">
          <h2>{words.text("shared")}</h2>
          {campaign.shared.length === 0 && <Empty>–</Empty>}
          <ul class="plain">
            {campaign.shared.map(({ kind, token, alerts }) => (
              <li key={`${kind} ${token}`}>{words.word("link", kind)} <a class="code" href={`/?q=${encodeURIComponent(token)}`}>{token.slice(0, 12)}…</a> <span class="quiet">{words.text("in-alerts", { count: alerts })}</span></li>
            ))}
          </ul>
          {!!campaign.more_shared && <p class="small quiet">{words.text("campaign-more-shared", { count: campaign.more_shared })}</p>}
        </section>
      </div>
      {campaign.is_named && <InOperations operations={campaign.operations} more={campaign.more_operations} item={{ campaigns: [campaign.campaign_id] }} session={session} again={again} />}
      <section class="sheet"><h2>{words.text("alerts")}</h2><Members campaign={campaign} /></section>
    </article>
  );
}

function Members({ campaign }: { campaign: WholeCampaign }) {
  const words = useWords();
  const joined = campaign.members.map((_, place) => campaign.edges.filter(({ between }) => between.includes(place)));
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.text("alerts")}>
      <table>
        <thead><tr>{["fact-events", "filter-pattern", "fact-producer", "joined-by", "joined-with"].map((name) => <th key={name} scope="col">{words.text(name)}</th>)}</tr></thead>
        <tbody>
          {campaign.members.map((member, place) => {
            const edges = joined[place] ?? [];
            const kinds = [...new Set(edges.flatMap((edge) => edge.kinds))];
            return (
              <tr key={`${sourceName(member.producer)} ${member.incident_id}`}>
                <td class="nowrap"><When at={member.first_event} /></td>
                <th scope="row"><a href={incidentPage(member.key)}>{member.pattern}</a></th>
                <td>{words.country(member.producer.country)}, {member.producer.organisation}</td>
                <td>{kinds.map((kind) => words.word("link", kind)).join(", ")}</td>
                <td class="number">{words.number(edges.length)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

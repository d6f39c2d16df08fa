// A campaign as a graph that stays readable at 200 alerts: laid out once, nothing moves by itself, and when it grows what is there stays
// where it is to its neighbours; who is pointed at shows what it is joined with. The table beside it says the same to those
// who do not see it.

import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY, type SimulationNodeDatum } from "d3-force";
import { useMemo, useRef, useState } from "preact/hooks";
import type { WholeCampaign } from "./contract";
import { COUNTRIES, incidentPage } from "./parts";
import { go } from "./route";
import { useWords } from "./words";

const [WIDTH, HEIGHT, MARGIN] = [900, 560, 24];
/** Steps of the layout: at 200 alerts it rests. */
const STEPS = 220;
const ZOOM = { least: 1, most: 8, step: 1.25 };

interface Node extends SimulationNodeDatum { x: number; y: number; place: number }

/** Where the layout has put alerts, by their keys. */
type Places = Map<string, { x: number; y: number }>;

/** Always the same places for the same campaign: the layout draws no chance. What has a place keeps it, unless most have none. */
function laidOut(campaign: WholeCampaign, places: Places): Node[] {
  const isKept = campaign.members.filter(({ key }) => places.has(key)).length * 2 > campaign.members.length;
  const nodes = campaign.members.map(({ key }, place) => {
    const at = isKept ? places.get(key) : undefined;
    return at ? { place, x: at.x, y: at.y, fx: at.x, fy: at.y } : { place };
  }) as Node[];
  const links = campaign.edges.map(({ between: [source, target], weight_tenths }) => ({ source, target, weight: weight_tenths / 10 }));
  forceSimulation(nodes)
    .force("link", forceLink(links).distance(34).strength(0.6))
    .force("charge", forceManyBody().strength(-70).distanceMax(260))
    .force("collide", forceCollide(11))
    .force("x", forceX(0).strength(0.05))
    .force("y", forceY(0).strength(0.08))
    .stop()
    .tick(STEPS);
  nodes.forEach(({ x, y }, place) => places.set(campaign.members[place]?.key ?? "", { x, y }));
  const [xs, ys] = [nodes.map((node) => node.x), nodes.map((node) => node.y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const scale = Math.min((WIDTH - 2 * MARGIN) / Math.max(1, Math.max(...xs) - left), (HEIGHT - 2 * MARGIN) / Math.max(1, Math.max(...ys) - top), 3);
  const shift = (all: number[], size: number) => (size - (Math.max(...all) - Math.min(...all)) * scale) / 2;
  const [x, y] = [shift(xs, WIDTH), shift(ys, HEIGHT)];
  return nodes.map((node) => ({ ...node, x: (node.x - left) * scale + x, y: (node.y - top) * scale + y }));
}

function hue(country: string): number {
  const place = COUNTRIES.indexOf(country);
  return place < 0 ? COUNTRIES.length : place;
}

export function Graph({ campaign }: { campaign: WholeCampaign }) {
  const words = useWords();
  const places = useRef<Places>(new Map());
  const nodes = useMemo(() => laidOut(campaign, places.current), [campaign]);
  const [near, setNear] = useState<number>();
  const [view, setView] = useState({ x: 0, y: 0, zoom: 1 });
  const drag = useRef<{ x: number; y: number; moved: boolean } | undefined>(undefined);
  const joined = useMemo(() => {
    if (near === undefined) return undefined;
    return new Set([near, ...campaign.edges.filter(({ between }) => between.includes(near)).flatMap(({ between }) => between)]);
  }, [near, campaign]);
  const zoomed = (by: number) => setView(({ x, y, zoom }) => {
    const next = Math.min(ZOOM.most, Math.max(ZOOM.least, zoom * by));
    const middle = { x: x + WIDTH / zoom / 2, y: y + HEIGHT / zoom / 2 };
    return next === 1 ? { x: 0, y: 0, zoom: 1 } : { x: middle.x - WIDTH / next / 2, y: middle.y - HEIGHT / next / 2, zoom: next };
  });
  const moved = (event: PointerEvent) => {
    const from = drag.current;
    if (!from || !(event.currentTarget instanceof SVGSVGElement)) return;
    const unit = WIDTH / view.zoom / event.currentTarget.clientWidth;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.moved && Math.hypot(dx, dy) < 4) return;
    drag.current = { x: event.clientX, y: event.clientY, moved: true };
    setView(({ x, y, zoom }) => ({ x: x - dx * unit, y: y - dy * unit, zoom }));
  };
  const told = near === undefined ? undefined : campaign.members[near];
  const countries = [...new Set(campaign.members.map(({ producer }) => producer.country))].sort((a, b) => hue(a) - hue(b));
  return (
    <>
      <p class="row small">
        {countries.map((country) => <span key={country} class="key"><svg viewBox="0 0 10 10" aria-hidden="true"><circle class={`c${hue(country)}`} cx="5" cy="5" r="5" /></svg>{words.country(country)}</span>)}
        <span class="actions unprinted">
          <button type="button" aria-label={words.text("zoom-in")} onClick={() => zoomed(ZOOM.step)}>+</button>
          <button type="button" aria-label={words.text("zoom-out")} onClick={() => zoomed(1 / ZOOM.step)}>−</button>
        </span>
      </p>
      <svg
        class="graph"
        aria-hidden="true"
        viewBox={`${view.x} ${view.y} ${WIDTH / view.zoom} ${HEIGHT / view.zoom}`}
        onPointerDown={(event) => (drag.current = { x: event.clientX, y: event.clientY, moved: false })}
        onPointerMove={moved}
        onPointerUp={() => setTimeout(() => (drag.current = undefined))}
        onPointerLeave={() => (drag.current = undefined)}
      >
        {campaign.edges.map(({ between: [a, b], weight_tenths }, place) => {
          const [from, to] = [nodes[a], nodes[b]];
          if (!from || !to) return null;
          return <line key={place} class={`edge ${near === a || near === b ? "near" : ""}`} x1={from.x} y1={from.y} x2={to.x} y2={to.y} stroke-width={weight_tenths / 10} />;
        })}
        {nodes.map(({ x, y, place }) => {
          const member = campaign.members[place];
          if (!member) return null;
          return (
            <circle
              key={place}
              class={`node c${hue(member.producer.country)} ${joined && !joined.has(place) ? "far" : ""}`}
              cx={x} cy={y} r={5 + member.severity}
              onPointerEnter={() => setNear(place)}
              onPointerLeave={() => setNear(undefined)}
              onClick={() => !drag.current?.moved && go(incidentPage(member.key))}
            />
          );
        })}
      </svg>
      <p class="small quiet" aria-hidden="true">{told ? `${told.pattern} · ${words.country(told.producer.country)}, ${told.producer.organisation} · ${words.long(told.first_event)}` : words.text("graph-tells")}</p>
    </>
  );
}

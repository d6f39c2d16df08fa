// The map: land without any border, areas by how much happens there, cells as points. Positions are rounded to districts
// by whoever published them.

import { useEffect, useState } from "preact/hooks";
import type { Figures } from "./contract";
import { COUNTRIES } from "./parts";
import { useWords } from "./words";

type Point = [east: number, north: number];

/** Degrees that are always shown: the river's countries. */
const LEAST = { west: 91.5, east: 112, south: 5, north: 29.5 };
/** Where a country's name stands: no border is meant. */
const NAMES: Record<string, Point> = { KH: [106.4, 12.9], CN: [106.8, 26.6], LA: [102.6, 19.9], MM: [96.2, 21.3], TH: [101.3, 15.9], VN: [108.3, 13.9] };
const AREAS_NAMED = 6;
/** Units of the drawing, and half the width of most areas' names. */
const [WIDTH, NAME_HALF] = [640, 44];

/** Mercator: degrees north as far as degrees east. */
function mercator(north: number): number {
  return (Math.log(Math.tan(Math.PI / 4 + (north * Math.PI) / 360)) * 180) / Math.PI;
}

interface Area { country: string; name: string; at: Point; incidents: number }

/** Areas at the mean of their cells, unless the server says where they are. */
function areas(figures: Figures): Area[] {
  return figures.areas.flatMap(({ country, admin1, incidents, latitude, longitude }) => {
    if (latitude != null && longitude != null) return [{ country, name: admin1, at: [longitude, latitude] as Point, incidents }];
    const cells = figures.cells.filter((cell) => cell.country === country && cell.admin1 === admin1);
    if (cells.length === 0) return [];
    const mean = (of: (cell: (typeof cells)[number]) => number) => cells.reduce((sum, cell) => sum + of(cell), 0) / cells.length;
    return [{ country, name: admin1, at: [mean((cell) => cell.longitude), mean((cell) => cell.latitude)] as Point, incidents }];
  });
}

export function AreaMap({ figures }: { figures: Figures }) {
  const words = useWords();
  const [land, setLand] = useState<Point[][]>([]);
  useEffect(() => {
    fetch("/assets/land.json").then((answer) => answer.json()).then(setLand, () => undefined);
  }, []);
  const placed = areas(figures).sort((a, b) => b.incidents - a.incidents);
  const cells = figures.cells.filter((cell) => Math.abs(cell.latitude) < 85);
  const points: Point[] = [...placed.map((area) => area.at), ...cells.map((cell): Point => [cell.longitude, cell.latitude])];
  const west = Math.min(LEAST.west, ...points.map(([east]) => east - 1));
  const east = Math.max(LEAST.east, ...points.map(([east]) => east + 1));
  const south = mercator(Math.min(LEAST.south, ...points.map(([, north]) => north - 1)));
  const north = mercator(Math.max(LEAST.north, ...points.map(([, north]) => north + 1)));
  const scale = WIDTH / (east - west);
  const at = ([lon, lat]: Point): Point => [(lon - west) * scale, (north - mercator(lat)) * scale];
  const path = land.map((ring) => `M${ring.map((point) => at(point).map((value) => value.toFixed(1)).join(" ")).join("L")}Z`).join("");
  const most = Math.max(1, ...placed.map((area) => area.incidents));
  const radius = (area: Area) => 6 + 20 * Math.sqrt(area.incidents / most);
  const mostOfCell = Math.max(1, ...cells.map((cell) => cell.incidents));
  const totals = new Map(figures.countries.map(({ country, incidents }) => [country, incidents]));
  return (
    <>
      <svg class="map" viewBox={`0 0 ${WIDTH} ${((north - south) * scale).toFixed(0)}`} role="img" aria-label={words.text("map-tells", { areas: placed.length, cells: cells.length })}>
        <path class="land" d={path} fill-rule="evenodd" />
        {placed.map((area) => {
          const [x, y] = at(area.at);
          return <circle key={`${area.country} ${area.name}`} class="area" cx={x} cy={y} r={radius(area)}><title>{`${area.name}, ${words.country(area.country)}: ${words.number(area.incidents)}`}</title></circle>;
        })}
        {cells.map((cell, place) => {
          const [x, y] = at([cell.longitude, cell.latitude]);
          return <circle key={place} class="cell" cx={x} cy={y} r={2.5 + 3 * Math.sqrt(cell.incidents / mostOfCell)}><title>{`${cell.pattern}: ${words.number(cell.incidents)}`}</title></circle>;
        })}
        {COUNTRIES.map((country) => {
          const name = NAMES[country];
          if (!name) return null;
          const [x, y] = at(name);
          return <text key={country} class="label country" x={x} y={y} text-anchor="middle">{words.country(country)} {words.number(totals.get(country) ?? 0)}</text>;
        })}
        {placed.slice(0, AREAS_NAMED).map((area) => {
          const [x, y] = at(area.at);
          return <text key={`${area.country} ${area.name}`} class="label" x={Math.min(WIDTH - NAME_HALF, Math.max(NAME_HALF, x))} y={y - radius(area) - 3} text-anchor="middle">{area.name}</text>;
        })}
      </svg>
      <p class="row small quiet">
        <span class="key"><svg viewBox="0 0 10 10" class="map" aria-hidden="true"><circle class="area" cx="5" cy="5" r="5" /></svg>{words.text("map-areas")}</span>
        <span class="key"><svg viewBox="0 0 10 10" class="map" aria-hidden="true"><circle class="cell" cx="5" cy="5" r="4" /></svg>{words.text("map-cells")}</span>
        <span>{words.text("map-borders")}</span>
      </p>
    </>
  );
}

/** All that the map draws, for whoever has no pointer to hold over it. */
export function MapTables({ figures }: { figures: Figures }) {
  const words = useWords();
  const most = <T extends { incidents: number }>(of: T[]) => [...of].sort((a, b) => b.incidents - a.incidents);
  const heads = (names: string[], last: string[]) => (
    <thead><tr>{names.map((name) => <th key={name} scope="col">{words.text(name)}</th>)}{last.map((name) => <th key={name} scope="col" class="number">{words.text(name)}</th>)}</tr></thead>
  );
  return (
    <details data-test="map-tables">
      <summary>{words.text("map-table")}</summary>
      <div class="scroll" tabIndex={0} role="group" aria-label={words.text("map-areas")}>
        <table>
          {heads(["area", "filter-country"], ["incidents"])}
          <tbody>
            {most(figures.areas).map(({ country, admin1, incidents }) => (
              <tr key={`${country} ${admin1}`}><th scope="row">{admin1}</th><td>{words.country(country)}</td><td class="number">{words.number(incidents)}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="scroll" tabIndex={0} role="group" aria-label={words.text("map-cells")}>
        <table>
          {heads(["map-cell", "area", "filter-country", "filter-pattern"], ["map-within-km", "incidents"])}
          <tbody>
            {most(figures.cells).map(({ country, admin1, latitude, longitude, radius_m, pattern, incidents }) => (
              <tr key={`${latitude} ${longitude} ${radius_m} ${country} ${admin1} ${pattern}`}>
                <th scope="row" class="code nowrap">{latitude.toFixed(2)}, {longitude.toFixed(2)}</th>
                <td>{admin1 || "–"}</td><td>{words.country(country)}</td><td>{pattern}</td>
                <td class="number">{words.number(Math.round(radius_m / 1000))}</td><td class="number">{words.number(incidents)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

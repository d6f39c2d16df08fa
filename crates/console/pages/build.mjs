// Bundles the pages into `built/`, which is checked in: `cargo build` needs no Node.js.
//
//     npm ci --ignore-scripts && node build.mjs [FOLDER]
//
// The same sources give the same bytes; a test builds into another folder and compares.

import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { feature } from "topojson-client";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "built"));
const alertTexts = resolve(here, "../../alert/locales");
const pageTexts = join(here, "locales");

/** Degrees: what a map of the six countries may show. */
const WINDOW = { west: 70, east: 138, south: -2, north: 56 };
/** Degrees: a coast is drawn no finer. */
const COAST_STEP = 0.08;

await rm(out, { recursive: true, force: true });
await mkdir(join(out, "locales"), { recursive: true });

await build({
  absWorkingDir: here,
  entryPoints: [{ in: "src/main.tsx", out: "app" }, { in: "style.css", out: "app" }],
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  external: ["/assets/*"],
  logLevel: "warning",
});
await copyFile(join(here, "index.html"), join(out, "index.html"));
await copyFile(join(here, "icon.svg"), join(out, "icon.svg"));

// Fonts for scripts that not every system has one for: the script's part of Noto Sans alone, under the Open Font License.
const SCRIPTS = ["khmer", "lao", "myanmar", "thai"];
await mkdir(join(out, "fonts"), { recursive: true });
for (const script of SCRIPTS) {
  const folder = dirname(createRequire(import.meta.url).resolve(`@fontsource/noto-sans-${script}/package.json`));
  for (const weight of [400, 600]) {
    await copyFile(join(folder, `files/noto-sans-${script}-${script}-${weight}-normal.woff2`), join(out, `fonts/${script}-${weight}.woff2`));
  }
  await copyFile(join(folder, "LICENSE"), join(out, `fonts/${script}-license.txt`));
}

// A language is one file: texts of alerts, then texts of the pages, without comments.
for (const name of (await readdir(pageTexts)).sort()) {
  const texts = await Promise.all([join(alertTexts, name), join(pageTexts, name)].map((path) => readFile(path, "utf8")));
  const lines = texts.join("\n").split("\n").filter((line) => line.trim() && !line.startsWith("#"));
  await writeFile(join(out, "locales", name), `${lines.join("\n")}\n`);
}

// Land without borders: Natural Earth, 1:50 million, cut to the window.
const world = JSON.parse(await readFile(createRequire(import.meta.url).resolve("world-atlas/land-50m.json"), "utf8"));
const rings = feature(world, world.objects.land).features.flatMap(({ geometry }) =>
  geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat());
const land = rings.map(cut).map(coarse).filter((ring) => ring.length > 3);
await writeFile(join(out, "land.json"), JSON.stringify(land));

/** Sutherland and Hodgman: a ring within the window. */
function cut(ring) {
  const edges = [
    [(p) => p[0] >= WINDOW.west, 0, WINDOW.west],
    [(p) => p[0] <= WINDOW.east, 0, WINDOW.east],
    [(p) => p[1] >= WINDOW.south, 1, WINDOW.south],
    [(p) => p[1] <= WINDOW.north, 1, WINDOW.north],
  ];
  return edges.reduce((points, [isIn, axis, at]) => points.flatMap((point, index) => {
    const before = points[(index + points.length - 1) % points.length];
    const share = (at - before[axis]) / (point[axis] - before[axis]);
    const border = [before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])];
    if (isIn(point)) return isIn(before) ? [point] : [border, point];
    return isIn(before) ? [border] : [];
  }), ring);
}

/** A ring of steps that can be seen, hundredths of a degree. */
function coarse(ring) {
  const kept = [];
  for (const [east, north] of ring) {
    const last = kept.at(-1);
    if (last && Math.hypot(east - last[0], north - last[1]) < COAST_STEP) continue;
    kept.push([Math.round(east * 100) / 100, Math.round(north * 100) / 100]);
  }
  return kept;
}

// Builds everything a browser loads into portal/static/dist: one stylesheet, one script, one icon sprite,
// all with a hash in the name, and manifest.json to find them by. Fails on an icon name Tabler does not have.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const portal = join(here, "..", "portal");
const dist = join(portal, "static", "dist");
const ICONS = join(here, "node_modules", "@tabler", "icons", "icons");

// An icon is named as icon("search"), icon="search", icon: "search" or "icon": "search", in a template, script or view.
const ICON_NAME = /(?:\b|_)icon["']?\s*[(=:]\s*["']([a-z0-9]+(?:-[a-z0-9]+)*)["']/g;


function filesUnder(folder, endings) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(join(portal, "static")));
}

function iconNames() {
  const names = new Map();
  for (const path of [...filesUnder(portal, [".html", ".py"]), ...filesUnder(join(here, "src"), [".js"])]) {
    for (const [, name] of readFileSync(path, "utf8").matchAll(ICON_NAME)) {
      if (!names.has(name)) names.set(name, relative(join(here, ".."), path));
    }
  }
  return new Map([...names].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function symbol(name, usedIn) {
  const filled = name.endsWith("-filled");
  const path = join(ICONS, filled ? "filled" : "outline", `${filled ? name.slice(0, -7) : name}.svg`);
  if (!existsSync(path)) throw new Error(`${usedIn}: Tabler has no icon "${name}"; see https://tabler.io/icons`);
  const body = readFileSync(path, "utf8")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<path\s+stroke="none"\s+d="M0 0h24v24H0z"\s+fill="none"\s*\/>/, "")
    .match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1]
    .trim()
    .replace(/\s*\n\s*/g, "");
  const paint = filled ? ' fill="currentColor" stroke="none"' : "";
  return `<symbol id="${name}" viewBox="0 0 24 24"${paint}>${body}</symbol>`;
}

function sprite() {
  const symbols = [...iconNames()].map(([name, usedIn]) => symbol(name, usedIn));
  return `<svg xmlns="http://www.w3.org/2000/svg">\n<!-- Tabler Icons, MIT licence, https://tabler.io/icons -->\n${symbols.join("\n")}\n</svg>\n`;
}

function writeHashed(stem, svg) {
  const hash = createHash("sha256").update(svg).digest("hex").slice(0, 8).toUpperCase();
  const name = `${stem}-${hash}.svg`;
  writeFileSync(join(dist, name), svg);
  return name;
}

const started = performance.now();
mkdirSync(dist, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/portal.css", "src/portal.js"],
  outdir: dist,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  sourcemap: false,
  charset: "utf8",
  format: "iife",
  target: ["chrome109", "firefox115", "safari16.4"],
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [out, { entryPoint }] of Object.entries(result.metafile.outputs)) {
  if (entryPoint) manifest[basename(entryPoint)] = basename(out);
}
manifest["favicon.svg"] = writeHashed("favicon", readFileSync(join(here, "src", "favicon.svg"), "utf8"));
manifest["icons.svg"] = writeHashed("icons", sprite());
const kept = new Set(["manifest.json", ...Object.values(manifest), ...Object.keys(result.metafile.outputs).map((out) => basename(out))]);
writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
for (const old of readdirSync(dist)) if (!kept.has(old)) rmSync(join(dist, old));
console.log(`portal/static/dist: ${Object.values(manifest).join(", ")}; ${Math.round(performance.now() - started)} ms`);

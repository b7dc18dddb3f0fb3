// Builds everything a browser loads into portal/static/dist: one stylesheet, one script, one icon sprite,
// all with a hash in the name, and manifest.json to find them by. Fails on an icon name Tabler does not have.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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

// Vditor fetches these by itself when the page of writing opens. Its sprite of icons hides itself by a style attribute,
// which the page's policy forbids: a class does it instead.
function copyEditor() {
  const from = join(here, "node_modules", "vditor");
  const { version } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  const name = `vditor-${version}`;
  for (const path of ["dist/js/lute/lute.min.js", "dist/js/i18n/zh_CN.js", "dist/css/content-theme/light.css", "dist/js/highlight.js/styles/github.min.css", "LICENSE"]) {
    mkdirSync(dirname(join(dist, name, path)), { recursive: true });
    copyFileSync(join(from, path), join(dist, name, path));
  }
  const icons = readFileSync(join(from, "dist", "js", "icons", "ant.js"), "utf8");
  const mended = icons.replace(/<svg style="[^"]*"/, '<svg class="vd-sprite"');
  if (mended === icons) throw new Error("Vditor's sprite of icons has changed: see copyEditor in build.mjs");
  mkdirSync(join(dist, name, "dist", "js", "icons"), { recursive: true });
  writeFileSync(join(dist, name, "dist", "js", "icons", "ant.js"), mended);
  return name;
}

// Vditor hides things by writing a style attribute, which the page's policy forbids; setting the property is allowed.
const mendEditor = {
  name: "mend-editor",
  setup(made) {
    made.onLoad({ filter: /[\\/]vditor[\\/]dist[\\/]index(?:\.min)?\.js$/ }, ({ path }) => {
      const given = readFileSync(path, "utf8");
      const mended = given.replace(/\.setAttribute\("style", ?"([a-z-]+): ?([a-z]+);?"\)/g, '.style.setProperty("$1", "$2")');
      if (mended === given) throw new Error("Vditor's way of hiding things has changed: see mendEditor in build.mjs");
      return { contents: mended, loader: "js" };
    });
  },
};

const started = performance.now();
mkdirSync(dist, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/portal.css", "src/portal.js", "src/editor.css", "src/writing.js"],
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
  plugins: [mendEditor],
  logLevel: "warning",
});

const manifest = {};
for (const [out, { entryPoint }] of Object.entries(result.metafile.outputs)) {
  if (entryPoint) manifest[basename(entryPoint)] = basename(out);
}
manifest["favicon.svg"] = writeHashed("favicon", readFileSync(join(here, "src", "favicon.svg"), "utf8"));
manifest.vditor = copyEditor();
manifest["icons.svg"] = writeHashed("icons", sprite());
const kept = new Set(["manifest.json", ...Object.values(manifest), ...Object.keys(result.metafile.outputs).map((out) => basename(out))]);
writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
for (const old of readdirSync(dist)) if (!kept.has(old)) rmSync(join(dist, old), { recursive: true });
console.log(`portal/static/dist: ${Object.values(manifest).join(", ")}; ${Math.round(performance.now() - started)} ms`);

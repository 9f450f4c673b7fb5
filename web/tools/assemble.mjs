// Puts web/dist together: style sheets, scripts, pages and the WebAssembly module, each under a name with its hash, each
// compressed once. `cargo xtask web` calls it, after the module was built:
//
//   node tools/assemble.mjs FOLDER_WITH_THE_BOUND_MODULE release|debug
//
// dist/assets/   names hold a hash of the content: may be cached for ever
// dist/          stable names (index.html, watch.html, player.js, icon.svg, world.tsv): must be asked for again
// dist/graphiql/ GraphiQL's own files, as they were published
// *.br, *.gz     beside whatever compresses

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { world } from "./world.mjs";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const [bound, profile] = process.argv.slice(2);
const release = profile === "release";
const dist = join(web, "dist");
const run = promisify(execFile);
const tool = (name) => join(web, "node_modules", ".bin", name);

const FONTS = {
  "inter.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  "inter-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
  "mono.woff2": "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
};

// What a demo's editor for GraphQL is made of; served below /graphiql/.
const GRAPHIQL = {
  "graphiql.min.css": "graphiql/graphiql.min.css",
  "graphiql.min.js": "graphiql/graphiql.min.js",
  "react-dom.production.min.js": "react-dom/umd/react-dom.production.min.js",
  "react.production.min.js": "react/umd/react.production.min.js",
};

const files = new Map(); // path below dist → content
const named = new Map(); // what sources call it → its address

function asset(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const path = `assets/${name.replace(/(_bg\.wasm|\.\w+)$/, `-${hash}$1`)}`;
  files.set(path, Buffer.from(content));
  named.set(name, `/${path}`);
}

// Every {{name}} becomes the address of that asset; one that does not exist is an error.
function filled(text, source) {
  return text.replace(/\{\{([\w.-]+)\}\}/g, (_, name) => {
    if (!named.has(name)) throw new Error(`${source} names \`${name}\`, which was not built`);
    return named.get(name);
  });
}

async function bundle(entry, options = []) {
  const shape = ["--bundle", "--format=esm", "--target=es2022", "--loader:.css=text", "--log-level=warning"];
  if (release) shape.push("--minify");
  const { stdout } = await run(tool("esbuild"), [join(web, entry), ...shape, ...options], { maxBuffer: 1 << 28, encoding: "buffer" });
  return stdout;
}

async function styleSheet(entry) {
  const shape = release ? ["--minify"] : [];
  const { stdout } = await run(tool("tailwindcss"), ["-i", join(web, "style", entry), "-o", "-", ...shape], { cwd: web, maxBuffer: 1 << 26 });
  return filled(stdout, entry);
}

async function optimised(wasm) {
  if (!release) return readFile(wasm);
  const content = await readFile(wasm);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const kept = join(bound, `optimised-${hash}.wasm`);
  const features = ["bulk-memory", "bulk-memory-opt", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"];
  try {
    return await readFile(kept);
  } catch {
    for (const old of await readdir(bound)) if (old.startsWith("optimised-")) await rm(join(bound, old));
    await run(tool("wasm-opt"), ["-Oz", "--strip-producers", ...features.map((feature) => `--enable-${feature}`), wasm, "-o", kept]);
    return readFile(kept);
  }
}

async function assemble() {
  for (const [name, path] of Object.entries(FONTS)) asset(name, await readFile(join(web, "node_modules", path)));

  const [app, watch, player, theme, watchScript, wasm] = await Promise.all([
    styleSheet("app.css"),
    styleSheet("watch.css"),
    bundle("player/index.js"),
    bundle("page/theme.js"),
    bundle("page/watch.js"),
    optimised(join(bound, "app_bg.wasm")),
  ]);
  asset("app.css", app);
  asset("watch.css", watch);
  asset("player.js", player);
  asset("theme.js", theme);
  asset("watch.js", watchScript);
  asset("app_bg.wasm", wasm);
  const glue = [`--alias:wasm-glue=${join(bound, "app.js")}`, `--define:WASM_ADDRESS=${JSON.stringify(named.get("app_bg.wasm"))}`];
  asset("app.js", await bundle("page/boot.js", glue));

  files.set("player.js", player);
  files.set("world.tsv", Buffer.from(await world(join(web, "node_modules"))));
  for (const page of ["index.html", "watch.html"]) {
    files.set(page, Buffer.from(filled(await readFile(join(web, page), "utf8"), page)));
  }
  for (const [name, path] of Object.entries(GRAPHIQL)) files.set(`graphiql/${name}`, await readFile(join(web, "node_modules", path)));
  for (const name of await readdir(join(web, "public"))) files.set(name, await readFile(join(web, "public", name)));
}

// What is there already under a name with its hash was compressed before.
async function compress() {
  const waiting = [...files].filter(([path]) => /\.(css|html|js|svg|tsv|wasm)$/.test(path));
  const worker = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [path, content] = next;
      files.set(`${path}.br`, (await kept(path, content, "br")) ?? (await brotli(content)));
      files.set(`${path}.gz`, (await kept(path, content, "gz")) ?? (await promisify(gzip)(content, { level: release ? 9 : 4 })));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

async function kept(path, content, form) {
  try {
    const before = await readFile(join(dist, path));
    return before.equals(content) ? await readFile(join(dist, `${path}.${form}`)) : null;
  } catch {
    return null;
  }
}

function brotli(content) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: release ? 11 : 4, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  return promisify(brotliCompress)(content, { params });
}

// Writes what changed and removes what is no longer there, so that whoever embeds the folder sees only real changes.
// The pages come last: they never name an asset that is not there yet.
async function write() {
  const order = [...files].sort(([a], [b]) => a.includes(".html") - b.includes(".html"));
  for (const [path, content] of order) {
    const place = join(dist, path);
    const before = await readFile(place).catch(() => null);
    if (before?.equals(content)) continue;
    await mkdir(dirname(place), { recursive: true });
    await writeFile(`${place}.new`, content);
    await rename(`${place}.new`, place);
  }
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const place = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !files.has(relative(dist, place))) await rm(place);
  }
}

function told() {
  for (const [path, content] of [...files].sort(([a], [b]) => a.localeCompare(b))) {
    if (/\.(br|gz)$/.test(path)) continue;
    const small = files.get(`${path}.br`);
    const kb = (bytes) => `${(bytes.length / 1024).toFixed(1)} KB`;
    console.log(`  ${path.padEnd(44)} ${kb(content).padStart(10)}${small ? `  br ${kb(small).padStart(9)}` : ""}`);
  }
}

await assemble();
await compress();
await write();
told();

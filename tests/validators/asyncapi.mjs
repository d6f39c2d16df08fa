// Validates an AsyncAPI document: node asyncapi.mjs FILE. Prints what is wrong, exits 1 then.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [installed, file] = process.argv.slice(2);
const { Parser } = createRequire(`${installed}/package.json`)("@asyncapi/parser");
const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"), { source: file });
// Severity 0 is an error; hints of style are no mistakes.
const errors = diagnostics.filter(({ severity }) => severity === 0);
for (const { code, message, path } of errors) console.log(`${path.join("/")}: ${message} (${code})`);
if (errors.length > 0 || !document) process.exit(1);
console.log(`${document.channels().all().length} channels, ${document.messages().all().length} messages`);

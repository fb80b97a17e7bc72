import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { interfaceOf, staleReadmes, withTables } from "../readme.ts";

const actionYml = `
inputs:
  token:
    description: >-
      Token for the API;
      or nothing.
    default: \${{ github.server_url == 'https://github.com' && github.token || '' }}
  chart:
    description: Folder of the chart.
    required: true
  plugins:
    description: Plugins.
    default: ""
  checked:
    description: Whether a | b.
    default: false
outputs:
  digest:
    description: Its digest.
`;
const empty =
  "# Action\n\n<!-- inputs --><!-- /inputs -->\n\ntext\n\n<!-- outputs -->old\n<!-- /outputs -->\nend\n";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("the tables of a README", () => {
  test("are what action.yml says, and nothing else of it is touched", () => {
    expect(withTables(empty, interfaceOf(actionYml))).toBe(`# Action

<!-- inputs -->
| Input     | What it says                   | Default                                                                    |
| --------- | ------------------------------ | -------------------------------------------------------------------------- |
| \`token\`   | Token for the API; or nothing. | \`\${{ github.server_url == 'https://github.com' && github.token \\|\\| '' }}\` |
| \`chart\`   | Folder of the chart.           | **required**                                                               |
| \`plugins\` | Plugins.                       |                                                                            |
| \`checked\` | Whether a \\| b.                | \`false\`                                                                    |
<!-- /inputs -->

text

<!-- outputs -->
| Output   | What it says |
| -------- | ------------ |
| \`digest\` | Its digest.  |
<!-- /outputs -->
end
`);
  });

  test("stay as they are when they are made again", () => {
    const once = withTables(empty, interfaceOf(actionYml));
    expect(withTables(once, interfaceOf(actionYml))).toBe(once);
  });

  test("need a place", () => {
    expect(() => withTables("# Action\n", interfaceOf(actionYml))).toThrow(
      "no place between <!-- inputs -->",
    );
  });

  test("need descriptions", () => {
    expect(() => interfaceOf("inputs:\n  chart:\n    required: true\n")).toThrow(
      "does not describe inputs.chart",
    );
  });

  test("are found stale", () => {
    const folder = mkdtempSync(join(tmpdir(), "readme-"));
    folders.push(folder);
    const action = join(folder, "action");
    mkdirSync(action);
    writeFileSync(join(action, "action.yml"), actionYml);
    writeFileSync(join(action, "README.md"), withTables(empty, interfaceOf(actionYml)));
    expect(staleReadmes(folder)).toEqual([]);
    writeFileSync(join(action, "action.yml"), actionYml.replace("Plugins.", "Extensions."));
    expect(staleReadmes(folder)).toEqual([join(action, "README.md")]);
  });

  test("of our actions are fresh", () => {
    expect(staleReadmes()).toEqual([]);
  });
});

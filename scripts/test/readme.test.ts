import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { interfaceOf, readmes, staleDocuments, withTables } from "../readme.ts";

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
  test("match action.yml, and the rest of the README is unchanged", () => {
    expect(withTables(empty, interfaceOf(actionYml))).toBe(`# Action

<!-- inputs -->
| Input     | Description                    | Default                                                                    |
| --------- | ------------------------------ | -------------------------------------------------------------------------- |
| \`token\`   | Token for the API; or nothing. | \`\${{ github.server_url == 'https://github.com' && github.token \\|\\| '' }}\` |
| \`chart\`   | Folder of the chart.           | **required**                                                               |
| \`plugins\` | Plugins.                       |                                                                            |
| \`checked\` | Whether a \\| b.                | \`false\`                                                                    |
<!-- /inputs -->

text

<!-- outputs -->
| Output   | Description |
| -------- | ----------- |
| \`digest\` | Its digest. |
<!-- /outputs -->
end
`);
  });

  test("do not change when they are written again", () => {
    const once = withTables(empty, interfaceOf(actionYml));
    expect(withTables(once, interfaceOf(actionYml))).toBe(once);
  });

  test("need their markers", () => {
    expect(() => withTables("# Action\n", interfaceOf(actionYml))).toThrow("The markers <!-- inputs -->");
  });

  test("need descriptions", () => {
    expect(() => interfaceOf("inputs:\n  chart:\n    required: true\n")).toThrow(
      "has no description for inputs.chart",
    );
  });

  test("are found stale", () => {
    const folder = mkdtempSync(join(tmpdir(), "readme-"));
    folders.push(folder);
    const action = join(folder, "action");
    mkdirSync(action);
    writeFileSync(join(action, "action.yml"), actionYml);
    writeFileSync(join(action, "README.md"), withTables(empty, interfaceOf(actionYml)));
    expect(staleDocuments(readmes(folder))).toEqual([]);
    writeFileSync(join(action, "action.yml"), actionYml.replace("Plugins.", "Extensions."));
    expect(staleDocuments(readmes(folder))).toEqual([join(action, "README.md")]);
  });

  test("of our actions, chart and guides are fresh", () => {
    expect(staleDocuments()).toEqual([]);
  });
});

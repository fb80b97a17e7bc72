import { asComponent } from "./component.ts";
import { ManifestError } from "./error.ts";
import { asTable, asText, type Decoder, listOf, mapOf, openFields } from "./fields.ts";
import { reasonAgainstKebab } from "./identifiers.ts";
import type { ComponentChoice, TriggerEntry } from "./model.ts";
import { requireAnswer, requireTriggerSettings } from "./trigger-settings.ts";

/** A `[[trigger.<type>]]`: what every trigger has, and settings that only the trigger itself understands. */
export const asTriggerOf =
  (type: string): Decoder<TriggerEntry> =>
  (value, what) => {
    const table = asTable(value, what);
    const fields = openFields(table, what);
    const component = fields.optional("component", asChoice);
    const otherComponents = fields.optional("components", mapOf(asChoices));
    const dependencies = fields.optional("dependencies", mapOf(listOf(asTable)));
    requireTriggerSettings(type, table, what, ["id", "components", "dependencies"]);
    if (type === "http") requireAnswer(table, what);
    return {
      line: table.line,
      componentLine: fields.lineOf("component"),
      id: fields.optional("id", asText) ?? "",
      otherComponents: otherComponents ?? new Map(),
      settings: new Map(
        [...table.entries].filter(
          ([name]) => !["id", "component", "components", "dependencies"].includes(name),
        ),
      ),
      ...(component === undefined ? {} : { component }),
      ...(dependencies === undefined ? {} : { dependenciesLine: fields.lineOf("dependencies") }),
    };
  };

const asChoice: Decoder<ComponentChoice> = (value, what) => {
  if (value.kind === "table") return { kind: "inline", component: asComponent(value, what) };
  const id = asText(value, what);
  const reason = reasonAgainstKebab(id);
  if (reason === undefined) return { kind: "reference", id };
  throw new ManifestError(value.line, `${what} is "${id}", which is not a valid component id: ${reason}`);
};

const asChoices: Decoder<readonly ComponentChoice[]> = (value, what) =>
  value.kind === "array" ? listOf(asChoice)(value, what) : [asChoice(value, what)];

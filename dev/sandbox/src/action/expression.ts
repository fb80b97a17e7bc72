import { data, Evaluator, type data as expressionData, Lexer, Parser } from "@actions/expressions";
import { messageOf } from "@spin-publisher/errors";

/** A value of an expression context: what GitHub's own documents (payloads, inputs, outputs) consist of. */
export type ContextValue =
  | string
  | number
  | boolean
  | null
  | readonly ContextValue[]
  | { readonly [key: string]: ContextValue };

/** The contexts an expression may use: `github`, `env`, `steps`… */
export type Contexts = Readonly<Record<string, ContextValue>>;

/** Functions beyond the built-in ones: `success()`, `always()`, `hashFiles()`… */
export type ExpressionFunctions = Readonly<
  Record<string, (...args: readonly ContextValue[]) => ContextValue>
>;

/**
 * Evaluates one expression (without `${{ }}`) with GitHub's own engine.
 *
 * @throws Error naming the expression when it is malformed or uses a context or function that is not available.
 */
export function evaluate(
  expression: string,
  contexts: Contexts,
  functions: ExpressionFunctions = {},
): ContextValue {
  const definitions = Object.entries(functions).map(([name, call]) => ({
    name,
    minArgs: 0,
    maxArgs: 255,
    call: (...args: expressionData.ExpressionData[]) => toData(call(...args.map(fromData))),
  }));
  try {
    const parsed = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), definitions).parse();
    const dictionary = new data.Dictionary(
      ...Object.entries(contexts).map(([key, value]) => ({ key, value: toData(value) })),
    );
    const byName = new Map(definitions.map((definition) => [definition.name.toLowerCase(), definition]));
    return fromData(new Evaluator(parsed, dictionary, byName).evaluate());
  } catch (error) {
    const reason = messageOf(error);
    throw new Error(`The expression \${{ ${expression.trim()} }} cannot be evaluated: ${reason}.`, {
      cause: error,
    });
  }
}

/** Replaces every `${{ … }}` of a text by its value, formatted as the runner does for an input or a variable. */
export function interpolate(text: string, contexts: Contexts, functions: ExpressionFunctions = {}): string {
  return text.replace(/\$\{\{((?:'(?:[^']|'')*'|[^'])*?)\}\}/g, (_match, expression: string) =>
    asText(evaluate(expression, contexts, functions)),
  );
}

/** A value as the engine coerces it to a string (objects and arrays have no useful form there). */
export function asText(value: ContextValue): string {
  return toData(value).coerceString();
}

/** Whether an `if:` with this value lets its step or job run. */
export function isTruthy(value: ContextValue): boolean {
  return typeof value === "number"
    ? value !== 0 && !Number.isNaN(value)
    : value === true || (value !== null && value !== false && value !== "");
}

function toData(value: ContextValue): expressionData.ExpressionData {
  return JSON.parse(JSON.stringify(value), data.reviver);
}

function fromData(value: expressionData.ExpressionData | undefined): ContextValue {
  return value === undefined ? null : JSON.parse(JSON.stringify(value, data.replacer));
}

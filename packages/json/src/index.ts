export { isObject, type JsonObject, objectsOf, parseObject, sortedByKey, stringsOf } from "./json.ts";

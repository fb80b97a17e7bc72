export { spinMediaTypes } from "./media-types.ts";

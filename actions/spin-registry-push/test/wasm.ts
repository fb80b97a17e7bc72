/** The shortest binary that is a component, and the shortest that is a core module. */
export const component = Buffer.from("0061736d0d000100", "hex");
export const coreModule = Buffer.from("0061736d01000000", "hex");

/**
 * Orders texts by their UTF-8 bytes, as Spin and Helm do. JavaScript's own order goes by UTF-16 units and differs for
 * characters beyond the basic plane.
 */
export function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

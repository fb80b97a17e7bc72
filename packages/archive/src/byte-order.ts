/**
 * Orders strings by their UTF-8 bytes, as Spin and Helm do. JavaScript compares UTF-16 code units, which differs for
 * characters outside the basic multilingual plane.
 */
export function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

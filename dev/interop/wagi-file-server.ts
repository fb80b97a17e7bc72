import wabt from "wabt";

/**
 * A WAGI module that answers with the file whose path the request names: a CGI header, then its bytes. Spin mounts a
 * component's files at the one directory that a module is given (descriptor 3).
 */
const source = `(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 8)
  (data (i32.const 64) "PATH_INFO=/")
  (data (i32.const 128) "content-type: application/octet-stream\\n\\n")
  (data (i32.const 192) "status: 404\\ncontent-type: text/plain\\n\\n")
  (func $print (param $from i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $from))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $starts (param $text i32) (result i32)
    (local $i i32)
    (loop $next
      (if (i32.ne (i32.load8_u (i32.add (local.get $text) (local.get $i))) (i32.load8_u (i32.add (i32.const 64) (local.get $i))))
        (then (return (i32.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 11))))
    (i32.const 1))
  (func $length (param $text i32) (result i32)
    (local $end i32)
    (local.set $end (local.get $text))
    (loop $next
      (if (i32.load8_u (local.get $end))
        (then (local.set $end (i32.add (local.get $end) (i32.const 1))) (br $next))))
    (i32.sub (local.get $end) (local.get $text)))
  (func (export "_start")
    (local $i i32) (local $path i32)
    (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $environ_get (i32.const 4096) (i32.const 65536)))
    (loop $next
      (local.set $path (i32.load (i32.add (i32.const 4096) (i32.mul (local.get $i) (i32.const 4)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.and
        (i32.eqz (call $starts (local.get $path)))
        (i32.lt_u (local.get $i) (i32.load (i32.const 16))))))
    (local.set $path (i32.add (local.get $path) (i32.const 11)))
    (if (call $path_open (i32.const 3) (i32.const 1) (local.get $path) (call $length (local.get $path))
          (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 24))
      (then (call $print (i32.const 192) (i32.const 38)) (return)))
    (call $print (i32.const 128) (i32.const 40))
    (loop $more
      (i32.store (i32.const 32) (i32.const 131072))
      (i32.store (i32.const 36) (i32.const 65536))
      (drop (call $fd_read (i32.load (i32.const 24)) (i32.const 32) (i32.const 1) (i32.const 40)))
      (if (i32.load (i32.const 40))
        (then (call $print (i32.const 131072) (i32.load (i32.const 40))) (br $more))))))
`;

/** The module, assembled. */
export async function wagiFileServer(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const module = parseWat("wagi-file-server.wat", source);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

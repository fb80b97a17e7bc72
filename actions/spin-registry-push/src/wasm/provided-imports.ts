/**
 * The functions that Spin gives to core modules when it converts them: what the adapters export that every Spin from
 * 2.7 to 4.0 brings along (`crates/componentize/adapters`).
 */

export const wasiModule = "wasi_snapshot_preview1";

/** Functions of WASI preview 1. */
export const wasiFunctions: ReadonlySet<string> = new Set(
  `args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_advise fd_allocate fd_close
  fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size
  fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek
  fd_sync fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times path_link path_open
  path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise
  random_get sched_yield sock_accept sock_recv sock_send sock_shutdown`.split(/\s+/),
);

/** Functions of Spin's own for bindings made by wit-bindgen 0.2, as `module:name`. */
export const oldSpinFunctions: ReadonlySet<string> = new Set(
  `key-value:close key-value:delete key-value:exists key-value:get key-value:get-keys key-value:open key-value:set
  llm:generate-embeddings llm:infer outbound-mysql:execute outbound-mysql:query outbound-pg:execute outbound-pg:query
  outbound-redis:del outbound-redis:execute outbound-redis:get outbound-redis:incr outbound-redis:publish
  outbound-redis:sadd outbound-redis:set outbound-redis:smembers outbound-redis:srem spin-config:get-config sqlite:close
  sqlite:execute sqlite:open wasi-outbound-http:request`.split(/\s+/),
);

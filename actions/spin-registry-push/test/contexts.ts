import type { FilesContext } from "../src/engine/native.ts";

/** What the engines know about files, for an application whose folder is the checkout. */
export const filesContext = (folder: string, more: Partial<FilesContext> = {}): FilesContext => ({
  folder,
  workspace: folder,
  built: false,
  allowEmptyFiles: false,
  allowLfsPointers: false,
  ...more,
});

/** What the engines know about modules, beside where those are. */
export const sourcesContext = (folder: string) => ({
  folder,
  boundaries: [folder],
  built: false,
  isPublished: async () => false,
});

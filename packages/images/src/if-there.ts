// Tells "not there" from "could not look": a disk that fails must not read as an image that nobody imported.

/** Undefined when there is no such file; any other trouble is thrown, so that whoever asked comes again. */
export async function ifThere<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw cause;
  }
}

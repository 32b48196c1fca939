/** Why a file cannot be read or written, in words for people: `there is no such file`, `no space is left there`. */
export function whyUnreadable(cause: unknown): string {
  return reasonOf(cause, { ENOENT: 'there is no such file' })
}

/** As whyUnreadable, of a file that was to be made: what is not there is its directory. */
export function whyUnwritable(cause: unknown): string {
  return reasonOf(cause, { ENOENT: 'its directory does not exist', ...unwritable })
}

const unwritable = {
  ENOSPC: 'no space is left there',
  EDQUOT: 'the quota there is used up',
  EROFS: 'the file system is read-only',
}

const both = {
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is no directory',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'too many symbolic links lead there',
}

/** What is not in the tables is told as Node does. */
function reasonOf(cause: unknown, special: Readonly<Record<string, string>>): string {
  const { code = '', message } = cause as NodeJS.ErrnoException
  const words: Readonly<Record<string, string>> = { ...both, ...special }
  return words[code] ?? message
}

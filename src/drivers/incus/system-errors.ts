/** Words of strerror(3) in the C locale, which programs put at the end of their complaint. */
const CODES: { readonly [words: string]: string } = {
  'No such file or directory': 'ENOENT',
  'No such process': 'ESRCH',
  'Connection refused': 'ECONNREFUSED',
  'Permission denied': 'EACCES',
  'Operation not permitted': 'EPERM',
  'Directory not empty': 'ENOTEMPTY',
  'File exists': 'EEXIST',
  'Not a directory': 'ENOTDIR',
  'Is a directory': 'EISDIR',
  'No space left on device': 'ENOSPC',
  'Disk quota exceeded': 'EDQUOT',
  'Read-only file system': 'EROFS',
  'Input/output error': 'EIO',
  'Invalid cross-device link': 'EXDEV',
  'Connection reset by peer': 'ECONNRESET',
  'Broken pipe': 'EPIPE',
}

/**
 * What a program said as the error that the call would have been here, with its `code`. The first line counts: later ones follow from it. Without
 * a code when we do not know the words.
 */
export function systemError(stderr: string): NodeJS.ErrnoException {
  const line = stderr.split('\n').find((one) => one.trim() !== '') ?? 'it said nothing'
  const words = Object.keys(CODES).find((one) => line.endsWith(one))
  const error: NodeJS.ErrnoException = new Error(line)
  // `find: ‘dd’: No such file …` and `timeout: …` speak of a program that is missing, not of a file.
  if (words !== undefined && !/^(find|timeout): /.test(line)) error.code = CODES[words]
  return error
}

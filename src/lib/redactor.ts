/** A shorter value would tear every line apart and hide nothing worth hiding. */
const MIN_LENGTH = 4

/** Replaces every secret by value; of one with several lines each line too, because logs are shown line by line. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const values = [...new Set(secrets.flatMap((secret) => [secret, ...secret.split('\n')]))]
    .filter((value) => value.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length)
  return (text) => values.reduce((shown, value) => shown.replaceAll(value, '[secret]'), text)
}

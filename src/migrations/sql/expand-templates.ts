/**
 * Makes SQL of a templated file, keeping every place where it is: what replaces a placeholder has its length in UTF-16 units, so offsets in the
 * result are offsets in the file. A placeholder becomes a name made from its own text, the same everywhere; control blocks become blanks.
 */
export function expandTemplates(source: string): string {
  if (!source.includes('{{') && !source.includes('${') && !source.includes('{%')) return source
  return source
    .replaceAll(/\{%[\s\S]*?%\}/g, blank)
    .replaceAll(
      /("?)\{\{-?\s*([A-Za-z.$#/][\s\S]*?)-?\}\}("?)/g,
      (whole, before: string, body: string, after: string) =>
        CONTROL.test(body)
          ? before + blank(whole.slice(before.length, whole.length - after.length)) + after
          : named(whole, before, body, after),
    )
    .replaceAll(/("?)(?<!\$)\$\{([A-Za-z_][\w.:-]*)\}("?)/g, named)
}

/** psql's variables, `:name`, `:'name'` and `:"name"`. Only for a file that does not parse without: a colon may be an array's slice. */
export function expandColons(source: string): string {
  return source
    .replaceAll(/(?<![:\w]):'([A-Za-z_]\w*)'/g, (_all, name: string) => `'${name}' `)
    .replaceAll(/(?<![:\w]):"([A-Za-z_]\w*)"/g, (_all, name: string) => `"${name}" `)
    .replaceAll(/(?<![:\w]):([A-Za-z_]\w*)/g, (_all, name: string) => `${name} `)
}

const CONTROL = /^(if|else|end|range|with|define|block|template|comment|#|\/|\/\*)\b|^[#/]/

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}

function named(whole: string, before: string, body: string, after: string): string {
  const name =
    body
      .replaceAll(/[^A-Za-z0-9]+/g, '_')
      .replaceAll(/^_+|_+$/g, '')
      .toLowerCase() || 'x'
  const safe = /^\d/.test(name) ? `_${name}` : name
  if (before !== '' && after !== '') return pad(`"${safe}"`, whole)
  // Between quotes that hold more than the placeholder, blanks would become part of the name.
  if (before !== '' || after !== '')
    return before + pad(safe, whole.slice(before.length, whole.length - after.length), '_') + after
  return pad(safe, whole)
}

/** Fits: the braces are longer than the quotes. */
function pad(text: string, whole: string, fill = ' '): string {
  return text.slice(0, whole.length).padEnd(whole.length, fill)
}

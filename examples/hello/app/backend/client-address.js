/** Who asked: behind an edge it is the last address the edge added. */
export function clientAddress(request) {
  const forwarded = request.headers['x-forwarded-for']
  if (forwarded === undefined) return request.socket.remoteAddress
  return forwarded.split(',').at(-1).trim()
}

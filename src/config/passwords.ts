// Finds the passwords that stand inside addresses, for the log to leave out.

/** Passwords wherever they stand (a Sentinel address has several hosts, so it is no URL), raw and decoded. */
export function passwordsIn(address: string | undefined): readonly string[] {
  const [, authority = '', query = ''] = /^[^:]+:\/\/([^/?]*)[^?]*\??(.*)$/.exec(address ?? '') ?? []
  const login = authority.slice(0, Math.max(0, authority.lastIndexOf('@'))).replace(/^[^:]*:?/, '')
  const asked = [...query.matchAll(/pass(?:word)?=([^&]*)/gi)].map((match) => match[1] ?? '')
  return [login, ...asked].flatMap((password) => [password, decoded(password)])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not percent-encoded: the raw text is the password.
    return text
  }
}

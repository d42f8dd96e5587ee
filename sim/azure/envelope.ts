// The form of Azure Resource Manager's answers: JSON, errors as `{error: {code, message}}`, and the headers that count.

/** What goes out: an HTTP status, a body and headers. A string is sent as it is (XML of the storage services). */
export interface ArmAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by whatever refuses a request; the server turns it into an answer. */
export class ArmError extends Error {
  override readonly name = 'ArmError'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** Thrown by what is down: the request is never answered. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** The answer of Resource Manager that tells of an error. */
export function failure({ status, code, message, headers }: ArmError): ArmAnswer {
  return { status, body: { error: { code, message } }, headers }
}

/** The answer of a storage service that tells of an error: its code is in a header too, its body is XML. */
export function storageFailure({ status, code, message, headers }: ArmError): ArmAnswer {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
  return {
    status,
    body,
    headers: { ...headers, 'content-type': 'application/xml', 'x-ms-error-code': code },
  }
}

/** There is no such resource in a group that exists. */
export function resourceNotFound(type: string, name: string, group: string): ArmError {
  return new ArmError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  )
}

// The form of Cloudflare's answers: every one is `{success, errors, messages, result}`, with codes of their own.

/** One entry of `errors`; `error_chain` holds what exactly was wrong. */
export interface ApiErrorBody {
  readonly code: number
  readonly message: string
  readonly error_chain?: readonly ApiErrorBody[]
}

/** What goes out: an HTTP status and a JSON body. */
export interface ApiAnswer {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by whatever refuses a request; the server turns it into an answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly errors: readonly ApiErrorBody[]
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: number,
    message: string,
    more: {
      readonly chain?: readonly ApiErrorBody[]
      readonly headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(message)
    this.status = status
    this.errors = [more.chain ? { code, message, error_chain: more.chain } : { code, message }]
    this.headers = more.headers ?? {}
  }
}

/** A success, with `result_info` for lists. */
export function success(result: unknown, resultInfo?: object): ApiAnswer {
  const body = { result, success: true, errors: [], messages: [] }
  return { status: 200, body: resultInfo ? { ...body, result_info: resultInfo } : body }
}

/** The answer that tells of an error. */
export function failure(error: ApiError): ApiAnswer {
  return {
    status: error.status,
    headers: error.headers,
    body: { result: null, success: false, errors: error.errors, messages: [] },
  }
}

/** One page of a list, by `page` and `per_page` of the query. */
export function paged(all: readonly unknown[], query: URLSearchParams, perPage: number): ApiAnswer {
  const page = positive(query.get('page'), 1)
  const size = positive(query.get('per_page'), perPage)
  const items = all.slice((page - 1) * size, page * size)
  return success(items, {
    page,
    per_page: size,
    count: items.length,
    total_count: all.length,
    total_pages: Math.ceil(all.length / size),
  })
}

function positive(text: string | null, otherwise: number): number {
  if (text === null) return otherwise
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new ApiError(400, 6003, 'Invalid request headers', {
    chain: [{ code: 6006, message: `Invalid pagination value ${text}` }],
  })
}

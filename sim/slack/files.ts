// files.*: uploading in three steps (an address, the upload, the completion), after which a file can be shown.
import { optional, required, structured } from './args.ts'
import { invalidArguments, Refusal, type SlackAnswer } from './envelope.ts'
import { requireMember, visible, type Call, type Method } from './method.ts'
import { addMessage, fileBody, type SlackFile, type Workspace } from './workspace.ts'

export const fileMethods: Readonly<Record<string, Method>> = {
  'files.getUploadURLExternal': { scopes: ['files:write'], tier: 4, run: getUploadUrl },
  'files.completeUploadExternal': { scopes: ['files:write'], tier: 4, run: completeUpload },
  'files.info': { scopes: ['files:read'], tier: 4, run: info },
}

function getUploadUrl({ slack, args }: Call): object {
  const name = required(args, 'filename')
  const length = Number(required(args, 'length'))
  if (!Number.isInteger(length) || length <= 0) throw invalidArguments('invalid `length`')
  const alt = optional(args, 'alt_txt') ?? optional(args, 'alt_text') ?? ''
  if (alt.length > 1_000) throw new Refusal('alt_txt_too_large')
  const id = slack.nextId('F')
  const file: SlackFile = { id, name, title: name, alt, length, content: undefined, complete: false }
  slack.files.set(id, file)
  return { upload_url: `${slack.origin}/upload/v1/${id}`, file_id: id }
}

/** Takes the upload itself. Slack answers in plain text. */
export function takeUpload(
  slack: Workspace,
  id: string,
  type: string | undefined,
  body: Buffer,
): SlackAnswer {
  const file = slack.files.get(id)
  if (!file || file.complete) return { status: 404, body: 'Not Found' }
  const content = type?.startsWith('multipart/form-data') === true ? firstPart(body) : body
  if (content.length !== file.length) return { status: 400, body: 'BAD REQUEST - length mismatch' }
  file.content = content
  return { status: 200, body: `OK - ${content.length}` }
}

/** The content of the first part of a multipart body. */
function firstPart(body: Buffer): Buffer {
  const boundary = body.subarray(0, body.indexOf('\r\n'))
  const start = body.indexOf('\r\n\r\n') + 4
  return body.subarray(start, body.indexOf(Buffer.concat([Buffer.from('\r\n'), boundary]), start))
}

function completeUpload(call: Call): object {
  const { slack, args } = call
  const asked = structured(args, 'files', () => new Refusal('invalid_arguments'))
  if (!Array.isArray(asked) || asked.length === 0) throw invalidArguments('missing required field: files')
  const files = asked.map((one: { readonly id?: unknown; readonly title?: unknown }) => {
    const file = slack.files.get(String(one.id))
    if (!file?.content || file.complete) throw new Refusal('file_not_found')
    return { file, title: typeof one.title === 'string' ? one.title : file.title }
  })
  const to = optional(args, 'channel_id')
  const channel = to === undefined ? undefined : visible(slack, to)
  if (channel) {
    if (channel.archived) throw new Refusal('is_archived')
    requireMember(slack, channel)
  }
  for (const { file, title } of files) {
    file.title = title
    file.complete = true
    if (channel) file.channel = channel.id
  }
  if (channel)
    share(
      call,
      channel.id,
      files.map(({ file }) => file.id),
    )
  return { files: files.map(({ file }) => fileBody(slack, file.id)) }
}

function share({ slack, args }: Call, channelId: string, files: readonly string[]): void {
  const thread = optional(args, 'thread_ts')
  addMessage(slack, visible(slack, channelId), {
    user: slack.botUser,
    bot: slack.bot,
    text: optional(args, 'initial_comment') ?? '',
    files,
    ...(thread !== undefined && { thread }),
  })
}

function info({ slack, args }: Call): object {
  const id = required(args, 'file')
  if (!slack.files.has(id)) throw new Refusal('file_not_found')
  return { file: fileBody(slack, id) }
}

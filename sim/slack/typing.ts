// What Slack makes of what people type: & < > become entities, @names and #channels become references, links get < >.
import type { Workspace } from './workspace.ts'

/** The text of a slash command with `should_escape`: references carry the name too. */
export function escaped(slack: Workspace, text: string): string {
  return linked(references(slack, entities(text), (id, name) => `${id}|${name}`))
}

/** The text of a message. */
export function typedText(slack: Workspace, text: string): string {
  return linked(references(slack, entities(text), (id) => id))
}

function entities(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}

function references(slack: Workspace, text: string, write: (id: string, name: string) => string): string {
  return text
    .replace(/(?<![\w@.])@([\w.-]*\w)/g, (typed, name: string) => {
      const user = [...slack.users.values()].find((user) => user.name === name)
      return user ? `<@${write(user.id, user.name)}>` : typed
    })
    .replace(/(?<![\w#&])#([\w-]+)/g, (typed, name: string) => {
      const channel = [...slack.channels.values()].find((channel) => channel.name === name)
      return channel ? `<#${channel.id}|${channel.name}>` : typed
    })
}

function linked(text: string): string {
  return text.replace(/https?:\/\/[^\s<>|]+/g, (url) => `<${url}>`)
}

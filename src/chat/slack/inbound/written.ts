// What people write in Slack, as the bot's commands have it: marks for people, channels and addresses become words.
import type { DrPlan } from '../../../drplan/schema.ts'
import type { IncidentId, PersonId } from '../../../ids.ts'

/** How each mark of Slack's becomes a word. */
export interface Reading {
  /** The word for a Slack user id; undefined when nobody is known by it. */
  readonly person: (slack: string) => string | undefined
  /** The incident whose room a channel is. */
  readonly incident: (channel: string) => IncidentId | undefined
}

/** Longer texts are refused by the parser anyway. */
const longest = 10_000
const mark = /<([^<>|]{1,2000})(?:\|([^<>]{0,2000}))?>/g
const channelMark = /<#([A-Z0-9]{2,30})(?:\|[^<>]{0,200})?>/g

/**
 * The text without Slack's marks. Its entities (`&amp;`) are left alone: parsing a command takes them off, once.
 * Source: docs.slack.dev/messaging/formatting-message-text, "Retrieving text messages".
 */
export function written(text: string, reading: Reading): string {
  if (text.length > longest) return text
  return text.replaceAll(mark, (whole, target: string, label: string | undefined) => {
    if (target.startsWith('@')) return reading.person(target.slice(1)) ?? `@${label || target.slice(1)}`
    if (target.startsWith('#')) return reading.incident(target.slice(1)) ?? `#${label || target.slice(1)}`
    if (target.startsWith('!')) return special(target.slice(1), label)
    return /^[a-z][a-z0-9+.-]*:/i.test(target) ? address(target, label) : whole
  })
}

/** The channels that a text names. */
export function channelsIn(text: string): readonly string[] {
  if (text.length > longest) return []
  return [...new Set([...text.matchAll(channelMark)].map((match) => match[1] ?? ''))].slice(0, 20)
}

/** The plan's person with this Slack id. */
export function bySlackId(plan: Pick<DrPlan, 'people'>, slack: string): PersonId | undefined {
  return Object.entries(plan.people).find(([, person]) => person.slack === slack)?.[0]
}

/** The text after the mention of the bot that it begins with; undefined when it does not begin with one. */
export function withoutBot(text: string, bot: string): string | undefined {
  const match = /^\s*<@([A-Z0-9]{2,30})(?:\|[^<>]{0,200})?>[\s:,]*/.exec(text)
  return match?.[1] === bot ? text.slice(match[0].length) : undefined
}

/** `<!subteam^S1|@dev>`, `<!here>`, `<!date^1^{time}|03:12>`: their words, which mention nobody any more. */
function special(target: string, label: string | undefined): string {
  if (label) return label
  const name = target.split('^')[0] ?? ''
  return `@${name}`
}

/** Slack makes an address of what looks like one; then the label is what was typed: `api.example.com`. */
function address(target: string, label: string | undefined): string {
  const bare = target.replace(/^(?:mailto|tel):/i, '')
  if (!label) return bare
  const guessed = [`http://${label}`, `https://${label}`, `mailto:${label}`, `tel:${label}`]
  return guessed.some((guess) => guess === target || `${guess}/` === target) ? label : bare
}

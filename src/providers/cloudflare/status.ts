// What Cloudflare says of itself on its public status page: a hint for people, on which nothing is decided.
import { z } from 'zod'
import { bounded } from '../../bounded.ts'
import { second, type Duration } from '../../ids.ts'

/** Statuspage's `status.json`. */
const Status = z.object({ status: z.object({ indicator: z.string(), description: z.string() }) })

/** Cloudflare's own page. In its worst outages it has been half an hour late, or down itself. */
export const cloudflareStatusPage = 'https://www.cloudflarestatus.com/api/v2/status.json'

/** A hint must not be what a proposal waits for. */
const patience: Duration = 1.5 * second
/** The real answer has some 200 bytes. */
const answerLimit = 16 * 1024
const longestText = 120

/**
 * Reads the page. undefined when it is switched off (no `url`), silent or says nothing that can be read: that is not
 * worth a word beside the bot's own probes.
 */
export function createCloudflareStatus(
  url: string | undefined,
): (signal: AbortSignal) => Promise<string | undefined> {
  return async (signal) => {
    if (url === undefined) return undefined
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)])
      const response = await fetch(url, { signal: limit, redirect: 'error' })
      const { status } = Status.parse(JSON.parse(await bounded(response, answerLimit).text()))
      return `${new URL(url).hostname} says: ${plainText(status.description)} (${plainText(status.indicator)}). It is often late`
    } catch {
      return undefined
    }
  }
}

function plainText(text: string): string {
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return shown.length > longestText ? `${shown.slice(0, longestText)}…` : shown
}

// The SDK's log lines in the bot's own log: fixed messages, no payloads, as those hold addresses to answer to.
import { LogLevel } from '@slack/bolt'
import type { Logger } from '@slack/bolt'
import type { Log } from '../../../ports.ts'

/** Longer lines of the SDK carry whole answers of Slack. */
const longest = 300

/**
 * A logger for Bolt. What the SDK calls an error is a warning here: the bot itself says what it means and what to do.
 * Its debug lines hold whole payloads and are left out.
 */
export function sdkLog(log: Pick<Log, 'debug' | 'warn'>): Logger {
  const say =
    (level: 'debug' | 'warn') =>
    (...parts: unknown[]): void =>
      log[level]('slack sdk', { said: harmless(parts.map(String).join(' ')) })
  return {
    debug: () => {},
    info: say('debug'),
    warn: say('warn'),
    error: say('warn'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  }
}

/** Addresses to answer to, and triggers, are as good as passwords while they live. */
function harmless(text: string): string {
  return text
    .replaceAll(/(?:https?|wss?):\/\/\S+/g, '[address]')
    .replaceAll(/\b\d{6,}\.\d{6,}\.[0-9a-f]{8,}\b/g, '[trigger]')
    .slice(0, longest)
}

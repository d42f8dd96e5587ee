// What Slack's refusals and silences mean for the one who reads them, and for the one who tries again.
import { RetryableError, UserError } from '../../errors.ts'

/** Slack said no and trying again does not help: `reason` is Slack's error word, `message` says what to do. */
export class SlackRefusal extends UserError {
  readonly reason: string

  constructor(reason: string, message: string) {
    super('slack-refused', message)
    this.reason = reason
  }
}

/** No answer, or one that leaves open whether Slack has done what it was asked for: look before doing it again. */
export class SlackSilence extends RetryableError {}

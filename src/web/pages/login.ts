// The pages of people who are not signed in: a link that was opened, how to get one, and why one does not count.
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { plainPage } from '../frame.ts'
import type { NotLetIn } from '../auth.ts'
import type { Viewer } from '../view.ts'

type Reason = NotLetIn['refused'] | 'used' | 'foreign' | 'too-many' | 'signed-out'

const reasons: Readonly<Record<Reason, string>> = {
  missing: 'You are not signed in on this browser.',
  malformed: 'This link is not complete. Copy all of it, to the last character.',
  forged: 'This link was not made by this bot, or its secret has changed since.',
  expired: 'This link or session is too old. Links are good for ten minutes, sessions for eight days.',
  revoked: 'This link was used already, or it was taken back.',
  used: 'This link was used already. Each link works once.',
  foreign: 'The request came from another site and was refused.',
  'unknown-person':
    'You are not (or no longer) in the DR plan. Ask who keeps dr-plan.yml to add you under people.',
  'too-many': 'Too many sign-ins failed from this address. A good link still works.',
  'signed-out': 'You are signed out on this browser.',
}

/** How to get in, and why not now. */
export function signInPage(organisation: string, reason: Reason): Html {
  return plainPage(
    'Sign in',
    organisation,
    html`<article class="card">
      <header><h1>Sign in</h1></header>
      <p>${reasons[reason]}</p>
      <p>There are no passwords. On the bot's host, type</p>
      <pre><code>npx dr login YOUR-ID</code></pre>
      <p>
        and open the link that it prints, within ten minutes. <code>YOUR-ID</code> is your key under
        <code>people</code> in the DR plan, such as <code>ann</code>.
      </p>
      <p class="quiet">
        In the demo, type <code>login YOUR-ID</code> in the demo's window instead. No way to the host? Whoever
        is on it can make the link for you, or type your command in its terminal.
      </p>
    </article>`,
  )
}

/** Opening a link changes nothing, since mail scanners open links too; pressing the button uses it up. */
export function confirmLoginPage(organisation: string, viewer: Viewer, token: string): Html {
  return plainPage(
    'Sign in',
    organisation,
    html`<article class="card">
      <header><h1>Sign in</h1></header>
      <p>
        This link is for <strong><bdi>${viewer.name}</bdi></strong> and works once.
      </p>
      <form method="post" action="/login">
        <input type="hidden" name="token" value="${token}" />
        <button class="button primary big" autofocus>Sign in as ${viewer.name}</button>
      </form>
    </article>`,
  )
}

// What may be typed, for the person who looks, and the keys of the console.
import { commands } from '../../../commands/index.ts'
import type { Verb } from '../../command/command.ts'
import { permitted } from '../../command/permit.ts'
import type { Content } from '../frame.ts'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import type { View } from '../view.ts'

const keys = [
  ['/', 'Go to the command line'],
  ['g then n', 'Now'],
  ['g then o', 'On-call'],
  ['g then s', 'Systems'],
  ['g then r', 'Runs'],
  ['g then h', 'Help'],
  ['Esc', 'Leave the command line, close a dialog'],
] as const

export function helpPage(view: View): Content {
  return {
    title: 'Help',
    body: html`<h1>Help</h1>
      <p>
        The same words work here, in a terminal after <code>dr</code>, and in chat. In an incident’s page its
        id may be left out.
      </p>
      <section class="card">
        <header><h2>Commands you may run</h2></header>
        <dl class="commands">${permitted(view.viewer.roles).map(commandHelp)}</dl>
      </section>
      <section class="card">
        <header><h2>Keys</h2></header>
        <dl class="rows">
          ${keys.map(
            ([key, what]) =>
              html`<div>
                <dt><kbd>${key}</kbd></dt>
                <dd>${what}</dd>
              </div>`,
          )}
        </dl>
      </section>`,
  }
}

function commandHelp(verb: Verb): Html {
  const { usage, summary, examples } = commands[verb]
  return html`<div>
    <dt><code>${usage}</code></dt>
    <dd>
      ${summary}
      <span class="examples">${examples.map((example) => html`<span>${example}</span>`)}</span>
    </dd>
  </div>`
}

// The configuration of the tests' Nagios: the smallest that runs, around the shipped nagios/dr-bot.cfg as it is.
import { execFileSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { join } from 'node:path'

export interface NagiosObject {
  readonly host: string
  /** Absent: the host itself. */
  readonly service?: string
  readonly hostGroups?: readonly string[]
  readonly serviceGroups?: readonly string[]
  /** Soft states before the problem is HARD; 1, the default, is HARD at once. */
  readonly maxAttempts?: number
  /** Nagios looks for flapping; off by default, since tests fail and recover quickly. */
  readonly flapDetection?: boolean
}

/** The files of a Nagios directory by name, and its objects: those given, and the hosts of those services. */
export function configFiles(given: {
  readonly directory: string
  readonly shipped: string
  readonly objects: readonly NagiosObject[]
  readonly settings: Readonly<Record<string, string>> | undefined
}): { readonly objects: readonly NagiosObject[]; readonly files: Readonly<Record<string, string>> } {
  const { directory, shipped, settings } = given
  const named = given.objects.filter((object) => object.service === undefined).map(({ host }) => host)
  const missing = [...new Set(given.objects.map(({ host }) => host))].filter((host) => !named.includes(host))
  const objects = [...missing.map((host): NagiosObject => ({ host })), ...given.objects]
  return {
    objects,
    files: {
      'nagios.cfg': mainFile(directory, shipped, settings ?? {}),
      'resource.cfg': `$USER1$=${shipped}\n`,
      'objects.cfg': objectsFile(directory, objects),
      'cgi.cfg': `main_config_file=${join(directory, 'nagios.cfg')}\nphysical_html_path=/usr/share/nagios4/htdocs\nurl_html_path=/nagios4\nuse_authentication=1\n`,
      check: checkScript,
    },
  }
}

/** Prints and returns what its state file holds: the exit code on the first line, the output after it. */
const checkScript = `#!/bin/sh
exec <"$1"
read -r code
cat
: >"$1.checked"
exit "$code"
`

function mainFile(directory: string, shipped: string, settings: Readonly<Record<string, string>>): string {
  const lines = {
    cfg_file: [join(shipped, 'dr-bot.cfg'), join(directory, 'objects.cfg')],
    resource_file: join(directory, 'resource.cfg'),
    log_file: join(directory, 'nagios.log'),
    object_cache_file: join(directory, 'objects.cache'),
    precached_object_file: join(directory, 'objects.precache'),
    status_file: join(directory, 'status.dat'),
    state_retention_file: join(directory, 'retention.dat'),
    lock_file: join(directory, 'nagios.pid'),
    temp_file: join(directory, 'nagios.tmp'),
    temp_path: directory,
    check_result_path: join(directory, 'checkresults'),
    log_archive_path: join(directory, 'archives'),
    command_file: join(directory, 'rw/nagios.cmd'),
    query_socket: join(directory, 'rw/nagios.qh'),
    nagios_user: userInfo().username,
    nagios_group: execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim(),
    interval_length: '1',
    status_update_interval: '1',
    check_external_commands: '1',
    check_for_updates: '0',
    use_syslog: '0',
    log_service_retries: '1',
    log_host_retries: '1',
    retain_state_information: '0',
    enable_flap_detection: '1',
    host_inter_check_delay_method: 'n',
    service_inter_check_delay_method: 'n',
    // As Nagios' own sample configuration has them.
    illegal_object_name_chars: '`~!$%^&*|\'"<>?,()=',
    illegal_macro_output_chars: '`~$&|\'"<>',
    ...settings,
  }
  return Object.entries(lines)
    .filter(([, value]) => value !== '')
    .flatMap(([name, value]) => [value].flat().map((one) => `${name}=${one}\n`))
    .join('')
}

function objectsFile(directory: string, objects: readonly NagiosObject[]): string {
  const groups = (kind: 'hostGroups' | 'serviceGroups') =>
    new Set(objects.flatMap((object) => object[kind] ?? []))
  return [
    define('command', {
      command_name: 'check',
      command_line: `${join(directory, 'check')} ${directory}/state/$ARG1$`,
    }),
    ...[...groups('hostGroups')].map((name) => define('hostgroup', { hostgroup_name: name })),
    ...[...groups('serviceGroups')].map((name) => define('servicegroup', { servicegroup_name: name })),
    ...objects.map((object, index) => define(...objectDefinition(object, index))),
  ].join('')
}

function objectDefinition(object: NagiosObject, index: number): [string, Record<string, string>] {
  const common = {
    host_name: object.host,
    check_command: `check!${index}`,
    max_check_attempts: String(object.maxAttempts ?? 1),
    check_interval: '1',
    retry_interval: '1',
    check_period: 'dr-bot-always',
    notification_interval: '0',
    notification_period: 'dr-bot-always',
    flap_detection_enabled: object.flapDetection === true ? '1' : '0',
    contact_groups: 'dr-bot',
  }
  if (object.service === undefined) {
    return ['host', { ...common, address: '127.0.0.1', ...list('hostgroups', object.hostGroups) }]
  }
  return [
    'service',
    { ...common, service_description: object.service, ...list('servicegroups', object.serviceGroups) },
  ]
}

function list(name: string, values: readonly string[] | undefined): Record<string, string> {
  return values === undefined || values.length === 0 ? {} : { [name]: values.join(',') }
}

function define(kind: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, value]) => `  ${name} ${value}\n`)
  return `define ${kind} {\n${lines.join('')}}\n`
}

// The alerts of the benchmarks: the same texts for the bot (as Nagios sends them) and for Alertmanager (its API v2).

/** Who is measured. */
export type Peer = 'bot' | 'alertmanager'

/**
 * `one-system`: each alert is another one, all of one system (Alertmanager: one group). `own-object`: each is of an
 * object of its own, over all seven systems (Alertmanager: a group each). `same`: one alert, again and again.
 */
export type Shape = 'one-system' | 'own-object' | 'same'

/** What an alert is about. */
export interface Subject {
  readonly host: string
  readonly service: string
  readonly hostGroups: string
  readonly system: string
  /** Nagios' numbers of the problem and of the notification: both new for each alert that is not the same one again. */
  readonly number: number
}

/** Objects of the shape `one-system`; each notification of one of them is a new one. */
const objectsOfOneSystem = 200

/** An object of each system of the example plan. */
const objects = [
  { system: 'dns', service: 'DNS zone', hostGroups: 'servers' },
  { system: 'cloudflare', service: 'Cloudflare edge', hostGroups: 'servers' },
  { system: 'lb', service: 'HTTP', hostGroups: 'load-balancers' },
  { system: 'api', service: 'HTTP', hostGroups: 'api-servers' },
  { system: 'db', service: 'Connections', hostGroups: 'databases' },
  { system: 'storage', service: 'Azure Queue orders', hostGroups: 'servers' },
  { system: 'workers', service: 'Processes', hostGroups: 'workers' },
] as const

/** The nth alert of a shape. */
export function subjectOf(shape: Shape, n: number): Subject {
  if (shape === 'own-object') {
    const object = objects[n % objects.length] ?? objects[0]
    return { ...object, host: `host-${n}.example.com`, number: n }
  }
  const host = shape === 'same' ? 1 : n % objectsOfOneSystem
  return {
    system: 'db',
    service: `Connections`,
    hostGroups: 'databases',
    host: `db-${host}.example.com`,
    number: shape === 'same' ? 1 : n,
  }
}

/** An object of the load balancer, whose outage nothing else in a storm of the database explains. */
export function loadBalancer(n: number): Subject {
  return {
    system: 'lb',
    service: 'HTTP',
    hostGroups: 'load-balancers',
    host: `lb-${n}.example.com`,
    number: n,
  }
}

/** Where and how a peer takes alerts. */
export interface Door {
  readonly peer: Peer
  readonly port: number
  /** The bot's NAGIOS_TOKEN. */
  readonly token: string
}

/** The whole HTTP request that brings one alert, as it goes over the wire. */
export function requestOf(door: Door, subject: Subject, now: number): string {
  const [path, type, body, authorization] =
    door.peer === 'bot'
      ? ['/webhooks/nagios', 'application/x-www-form-urlencoded', nagiosBody(subject, now), door.token]
      : ['/api/v2/alerts', 'application/json', alertmanagerBody(subject, now), undefined]
  const bearer = authorization === undefined ? '' : `Authorization: Bearer ${authorization}\r\n`
  return (
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\n${bearer}Content-Type: ${type}\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}

const output = 'CRITICAL - connection refused after 10.002 seconds, 3 of 3 tries failed'

/** The fields that nagios/dr-bot.cfg sends for a service. */
function nagiosBody(subject: Subject, now: number): string {
  const seconds = Math.floor(now / 1_000)
  return new URLSearchParams({
    NOTIFICATIONTYPE: 'PROBLEM',
    HOSTNAME: subject.host,
    SERVICEDESC: subject.service,
    SERVICESTATE: 'CRITICAL',
    SERVICESTATETYPE: 'HARD',
    SERVICEPROBLEMID: String(subject.number + 1),
    LASTSERVICEPROBLEMID: '0',
    SERVICENOTIFICATIONID: String(subject.number + 1),
    SERVICENOTIFICATIONNUMBER: '1',
    TIMET: String(seconds),
    LASTSERVICEOK: String(seconds - 90),
    LASTSERVICESTATECHANGE: String(seconds - 60),
    HOSTGROUPNAMES: subject.hostGroups,
    SERVICEGROUPNAMES: '',
    NOTIFICATIONAUTHOR: '',
    NOTIFICATIONCOMMENT: '',
    SERVICEOUTPUT: output,
  }).toString()
}

/** Alertmanager tells alerts apart by their labels, so the number of the notification is one. */
function alertmanagerBody(subject: Subject, now: number): string {
  return JSON.stringify([
    {
      labels: {
        alertname: subject.service,
        instance: subject.host,
        system: subject.system,
        hostgroup: subject.hostGroups,
        severity: 'critical',
        problem: String(subject.number + 1),
      },
      annotations: { summary: output },
      startsAt: new Date(now - 60_000).toISOString(),
    },
  ])
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The milliseconds that a text such as `60s`, `500ms`, `5m`, `1h` or `60` (seconds) names; undefined for any other. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * (units[unit] ?? 0)
}

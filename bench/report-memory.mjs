// Loaded in front of a program that is measured: leaves its peak memory (maxRSS, KiB) in a file.
import { writeFileSync } from 'node:fs'

process.on('exit', () => writeFileSync(process.env.PINFOLD_BENCH_MEMORY, String(process.resourceUsage().maxRSS)))

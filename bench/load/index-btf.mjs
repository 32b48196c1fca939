// Prints what reading and indexing vmlinux's BTF took of the processor and of memory: a process of its own for each time.
import { readFileSync } from 'node:fs'
import { indexBtf } from '../../dist/btf/index-btf.js'

const struct = 4
const before = process.memoryUsage.rss()
const started = process.cpuUsage()
const index = indexBtf(readFileSync('/sys/kernel/btf/vmlinux'), { name: 'vmlinux' })
// Names are indexed when the first is looked up.
if (index.find(struct, 'task_struct').length === 0) throw new Error('this kernel has no tasks')
const { user, system } = process.cpuUsage(started)
const milliseconds = (user + system) / 1000
console.log(JSON.stringify({ milliseconds, megabytes: (process.memoryUsage.rss() - before) / 2 ** 20 }))

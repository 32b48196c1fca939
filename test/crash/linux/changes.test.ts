import { changes } from './scenarios.ts'
import { testKills } from './test-kills.ts'

testKills(changes)

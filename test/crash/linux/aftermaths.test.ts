import { aftermaths } from './scenarios.ts'
import { testKills } from './test-kills.ts'

testKills(aftermaths)

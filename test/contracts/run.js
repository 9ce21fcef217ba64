// `npm run test:solidity -- --match-test NAME`: those Solidity tests alone, shown while they run. A test that fails is shown with
// the calls that it made and the line that failed. Everything that `forge test` takes can be given; without, all tests run.
import { spawnSync } from 'node:child_process'
import { forgePath, forgeRoot } from '../../contracts/build/forge.js'

const args = ['test', '-vvvvv', '--suppress-successful-traces', ...process.argv.slice(2)]
console.log(`forge ${args.join(' ')}`)
console.log('What has changed is compiled first; the escrow alone takes a minute or two.')
process.exitCode = spawnSync(forgePath(), args, { cwd: forgeRoot, stdio: 'inherit' }).status ?? 1

/** Runs the built program as people do. */
import { spawn } from 'node:child_process'
import { builtProgram } from '../built.ts'

const program = builtProgram('commonwatt')

export interface Run {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs `commonwatt …args` with `input` on standard input. */
export async function runCommonwatt(args: string[], input: string | Buffer = ''): Promise<Run> {
  const child = spawn(process.execPath, [program, ...args])
  const run: Run = { status: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    run.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    run.stderr += text
  })
  // A program that refuses early closes its end before everything is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  run.status = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return run
}

/** What `commonwatt found` does: asks what was not given, writes the folder and says what comes next. */
import { createInterface } from 'node:readline/promises'
import { type Answers, type FoundingQuestion, flagOf, mistakeIn, questions } from '../founding/answers.ts'
import { type Founded, FoundingError, foundCommunity } from '../founding/found.ts'
import { InputError, writeOutput } from './streams.ts'

/** Throws `FoundingError` and `InputError`. */
export async function runFound(folder: string, flags: Record<string, string | boolean | undefined>): Promise<void> {
  const answers = await answersOf(flags)
  const founded = foundCommunity(folder, answers)
  await writeOutput(flags.json === true ? `${JSON.stringify(founded)}\n` : sentencesOf(founded))
}

async function answersOf(flags: Record<string, string | boolean | undefined>): Promise<Answers> {
  const asksNothing = flags.yes === true || flags.json === true
  if (!asksNothing && process.stdin.isTTY !== true) {
    throw new InputError('there is nobody to ask: give --yes to take the defaults for what is not given')
  }
  const terminal = asksNothing ? null : createInterface({ input: process.stdin, output: process.stderr })
  const answers: Answers = {}
  try {
    for (const question of questions) {
      const { name } = question
      const given = flags[name]
      const standard = question.standard(answers)
      if (question.applies !== undefined && !question.applies(answers)) answers[name] = standard
      else if (typeof given === 'string') answers[name] = checked(question, given, answers)
      else if (terminal === null) answers[name] = checked(question, standard, answers)
      else answers[name] = await asked(question, standard, answers, (text) => terminal.question(text))
    }
  } finally {
    terminal?.close()
  }
  return answers
}

function checked(question: FoundingQuestion, answer: string, answers: Answers): string {
  const mistake = mistakeIn(question, answer, answers)
  if (mistake === null) return answer
  throw new FoundingError('FOUND_ANSWER', `${flagOf(question)} ${answer}: ${mistake}`)
}

async function asked(
  question: FoundingQuestion,
  standard: string,
  answers: Answers,
  ask: (text: string) => Promise<string>,
): Promise<string> {
  const { asks, advice, choices } = question
  const hint = choices === undefined ? `[${standard}]` : `(${choices.join(', ')}) [${standard}]`
  const text = `\n${asks}\n${advice === undefined ? '' : `  ${advice}\n`}${hint} `
  for (;;) {
    const answer = (await ask(text)).trim() || standard
    const mistake = mistakeIn(question, answer, answers)
    if (mistake === null) return answer
    process.stderr.write(`  ${mistake}\n`)
  }
}

function sentencesOf({ folder, files, next }: Founded): string {
  const steps = next.map(({ does, command }, index) => {
    return `${index + 1}. ${does}\n${command === null ? '' : `   ${command}\n`}`
  })
  return `Written to ${folder}: ${files.join(', ')}.

What comes next, in that folder:
${steps.join('')}`
}

/** What `commonwatt found` does: asks what was not given, writes the folder and says what comes next. */
import { createInterface } from 'node:readline/promises'
import {
  type Answers,
  answerOfArea,
  checkedAnswer,
  completeAnswers,
  embeddedAnswers,
  type FoundingQuestion,
  type GivenArea,
  mistakeIn,
  questions,
} from '../founding/answers.ts'
import { answersIn, type Founded, foundCommunity, readGivenArea } from '../founding/found.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options as they are read: an answer each, and how to ask. */
export interface FoundFlags {
  given: Answers
  areaFile?: string
  embedded?: boolean
  yes?: boolean
  json?: boolean
}

/** Throws `FoundingError` and `InputError`. */
export async function runFound(
  folder: string,
  { given: said, areaFile, embedded, yes, json }: FoundFlags,
): Promise<void> {
  const given = embedded === true ? { ...embeddedAnswers(), ...said } : said
  const file = areaFile === undefined ? null : readGivenArea(areaFile)
  const area = file === null ? null : answersIn(file)
  const answers = yes === true || json === true ? completeAnswers(given, area) : await askedAnswers(given, area)
  const founded = foundCommunity(folder, answers, file, embedded)
  await writeOutput(json === true ? `${JSON.stringify(founded)}\n` : sentencesOf(founded))
}

async function askedAnswers(given: Answers, area: GivenArea | null): Promise<Answers> {
  if (process.stdin.isTTY !== true) {
    throw new InputError('there is nobody to ask: give --yes to take the defaults for what is not given')
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answers: Answers = {}
  try {
    for (const question of questions) {
      const { name } = question
      const isAsked = given[name] === undefined && (question.applies?.(answers) ?? true)
      if (area !== null && question.isOfArea) answers[name] = answerOfArea(question, area)
      else if (isAsked) answers[name] = await asked(question, answers, (text) => terminal.question(text))
      else answers[name] = checkedAnswer(question, given[name], answers)
    }
  } finally {
    terminal.close()
  }
  return answers
}

async function asked(
  question: FoundingQuestion,
  answers: Answers,
  ask: (text: string) => Promise<string>,
): Promise<string> {
  const { asks, advice, choices } = question
  const standard = question.standard(answers)
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

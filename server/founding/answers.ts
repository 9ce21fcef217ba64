/** What founding a community asks: each question with its flag, its default and, where the choice matters, advice. */
import { randomBytes } from 'node:crypto'
import { isCurrency, noCurrency } from '../../contracts/protocol/currency.ts'
import { mostIntervalsPerBatch } from '../../contracts/protocol/entry.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import { defaultPriceDecimals, formatPrice, parsePrice } from '../../contracts/protocol/units.ts'
import { isDatabaseAddress } from '../configuration/database-address.ts'
import { formatDuration, parseDuration } from '../configuration/duration.ts'

/**
 * `FOUND_FOLDER`: the folder holds something already, or cannot be made. `FOUND_ANSWER`: answers do not fit together. `FOUND_ACT`: the area
 * does not know the act.
 */
export class FoundingError extends CodedError<'FOUND_FOLDER' | 'FOUND_ANSWER' | 'FOUND_ACT'> {
  override readonly name = 'FoundingError'
}

/** What was answered so far, by the questions' names. */
export type Answers = Record<string, string>

export interface FoundingQuestion {
  /** The question's name; with dashes it is also the flag. */
  name: string
  asks: string
  /** Shown with the question where the answer matters and is hard to change. */
  advice?: string
  /** The answer that `--yes` takes. */
  standard(answers: Answers): string
  choices?: readonly string[]
  /** What is wrong with an answer, null where nothing is. */
  mistake?(answer: string, answers: Answers): string | null
  /** Whether the question is to be asked at all. */
  applies?(answers: Answers): boolean
  /** An area file that is there already answers it. */
  isOfArea?: true
  /** The variable of the option that has this name and meaning in other commands. */
  variable?: string
}

const price = (answer: string) =>
  /^-?\d{1,6}(\.\d{1,4})?$/.test(answer)
    ? null
    : 'write a price per kWh like 0.30, with a point and at most four decimals'
const length = (answer: string) => {
  try {
    return parseDuration(answer) > 0 ? null : 'it must be longer than nothing'
  } catch (error) {
    return (error as Error).message
  }
}
const port = (answer: string) =>
  /^[1-9]\d{0,4}$/.test(answer) && Number(answer) <= 65_535 ? null : 'a port is 1 to 65535'
const address = (answer: string) => {
  return /^0x[0-9a-fA-F]{40}$/.test(answer) ? null : 'an address is 0x and 40 hexadecimal digits'
}
const url = (protocols: RegExp, example: string) => (answer: string) => {
  const isOne = URL.canParse(answer) && protocols.test(new URL(answer).protocol)
  return isOne ? null : `write it like ${example}`
}
const optional = (check: (answer: string) => string | null) => (answer: string) =>
  answer === '' ? null : check(answer)

/** The addresses of an answer. */
export function keysIn(answer: string): string[] {
  return answer === '' ? [] : answer.split(',').map((key) => key.trim())
}

/** Whether the grid operator or a key decides who gets how much. */
export function isShared({ allocation }: Answers): boolean {
  return allocation !== 'market'
}

/** The longest outage of the server that costs nobody anything. */
const outageSeconds = 2 * 86_400 - 3_600

/** How long a batch waits for the grid operator's word; not at all where nobody needs it. */
function waitSeconds(answers: Answers): number {
  return isShared(answers) && answers.declarationWait ? parseDuration(answers.declarationWait) : 0
}

/** What is wrong with a batch of so many intervals. */
function batchMistake(intervals: number, { interval }: Answers): string | null {
  if (!Number.isInteger(intervals)) return `it must be whole intervals of ${interval}`
  if (intervals <= mostIntervalsPerBatch) return null
  return `it has ${intervals} intervals of ${interval}, and may have ${mostIntervalsPerBatch}`
}

/** Half way between two prices. */
function middleOf(low: string, high: string): string {
  const [from, to] = [low, high].map((text) => parsePrice(text, defaultPriceDecimals)) as [number, number]
  return formatPrice(Math.floor((from + to) / 2), defaultPriceDecimals)
}

export const questions: readonly FoundingQuestion[] = [
  { name: 'name', asks: 'What is the community called?', standard: () => 'Neighbourhood', isOfArea: true },
  {
    name: 'currency',
    asks: 'In which currency do people read prices?',
    standard: () => 'EUR',
    mistake: (answer) => (isCurrency(answer) ? null : noCurrency),
    isOfArea: true,
  },
  {
    name: 'retailPrice',
    asks: 'What does a kWh from the supplier cost?',
    standard: () => '0.30',
    mistake: price,
    isOfArea: true,
  },
  {
    name: 'feedInPrice',
    asks: 'What does the supplier pay for a kWh fed in?',
    standard: () => '0.08',
    mistake: price,
    isOfArea: true,
  },
  {
    name: 'feeders',
    isOfArea: true,
    asks: 'Names of the feeders below the transformer, with commas (empty: one zone for all)',
    standard: () => '',
    mistake: optional((answer) => {
      const isFine = answer.split(',').every((feeder) => /^[A-Za-z0-9._-]{1,31}$/.test(feeder.trim()))
      return isFine ? null : 'a name is 1 to 31 letters, digits, dots, dashes or underscores'
    }),
  },
  {
    name: 'gridFee',
    isOfArea: true,
    asks: 'What does the grid take for a kWh that crosses from a feeder to the transformer?',
    standard: () => '0.01',
    mistake: price,
    applies: ({ feeders }) => feeders !== '',
  },
  {
    name: 'interval',
    isOfArea: true,
    asks: 'How long is an interval of the market?',
    advice: 'The length that the grid operator’s meters have: 15m nearly everywhere. It can never be changed.',
    standard: () => '15m',
    mistake: length,
  },
  {
    name: 'batch',
    isOfArea: true,
    asks: 'How often is the money settled?',
    advice: 'A day costs the operator about 15,000 gas for each home; longer is cheaper, and people wait longer.',
    standard: () => '1d',
    mistake: (answer, answers) =>
      length(answer) ?? batchMistake(parseDuration(answer) / parseDuration(answers.interval!), answers),
  },
  {
    name: 'grace',
    isOfArea: true,
    asks: 'How long does an interval wait for late readings?',
    advice: 'Agents spread their readings over a minute or two; a home that was offline sends them later.',
    standard: ({ interval }) => formatDuration(Math.min(600, parseDuration(interval!))),
    mistake: length,
  },
  {
    name: 'settlingGrade',
    isOfArea: true,
    asks: 'Whose values settle: the homes’ own devices, or those of the metering operator?',
    advice:
      'device: results within minutes, from inverters and certified or uncertified meters. billing: the official values, a day later, where the law asks for them.',
    standard: () => 'device',
    choices: ['device', 'billing'],
  },
  {
    name: 'confirmation',
    isOfArea: true,
    asks: 'Whose meters must the grid operator confirm before they trade?',
    advice:
      'everybody: nobody invents a meter. With sellers or nobody, an invented buyer can take every roof’s energy at its floor price.',
    standard: () => 'everybody',
    choices: ['everybody', 'sellers', 'nobody'],
  },
  {
    name: 'allocation',
    isOfArea: true,
    asks: 'Who decides how much each gets: the market, the grid operator, or a key that members agree on?',
    advice:
      'market: agreements, trades ahead and an auction. imported: the grid operator’s own allocation, as the law has it in Austria, Switzerland, Luxembourg and Belgium. coefficients: percentages, priorities or consumption, as in Spain or the United States. It can never be changed.',
    standard: () => 'market',
    choices: ['market', 'imported', 'coefficients'],
  },
  {
    name: 'sharedPrice',
    isOfArea: true,
    asks: 'What does a kWh cost that is shared (area.json can also say prices by time, of the exchange or of an auction)?',
    standard: ({ retailPrice, feedInPrice }) => middleOf(feedInPrice!, retailPrice!),
    mistake: price,
    applies: isShared,
  },
  {
    name: 'declarationWait',
    isOfArea: true,
    asks: 'How long does a batch wait for what the grid operator declares?',
    advice: 'Its allocation often comes the day after, and what comes later moves no money any more.',
    standard: () => '1d',
    mistake: length,
    applies: isShared,
  },
  {
    name: 'withdrawalDelay',
    asks: 'How long does a withdrawal wait?',
    advice:
      'Longer than a batch, the grace and the longest outage of the server together, or batches fail. It can never be changed, and people wait that long for their money.',
    standard(answers) {
      const waits = parseDuration(answers.batch!) + parseDuration(answers.grace!) + waitSeconds(answers)
      return formatDuration(Math.ceil((waits + outageSeconds) / 3_600) * 3_600)
    },
    mistake: (answer, answers) =>
      length(answer) ??
      (parseDuration(answer) > parseDuration(answers.batch!) + parseDuration(answers.grace!)
        ? null
        : 'it must be longer than batch and grace together'),
  },
  {
    name: 'token',
    asks: 'With which token do people pay (its address, or "development")?',
    advice:
      'A token that people can get and give back for money, with permits (ERC-2612), without a fee on transfer. The development token is for trials: whoever deploys it makes as much as they like.',
    standard: () => 'development',
    mistake: (answer) => (answer === 'development' ? null : address(answer)),
  },
  {
    name: 'confirmations',
    variable: 'CONFIRMATIONS',
    asks: 'How many blocks must follow a deposit or a batch until it counts?',
    advice:
      'As many as your chain never takes back: 12 on most, 1 or 2 where one party alone makes all blocks. Members wait that long.',
    standard: () => '12',
    mistake: (answer) => (/^[1-9]\d{0,3}$/.test(answer) ? null : 'write a whole number from 1'),
  },
  {
    name: 'grid',
    asks: 'Which address has the grid operator (empty: make a key here)?',
    advice:
      'This key opens the area, appoints the operator and confirms meters. Keep it apart from the server: whoever has both can invent homes.',
    standard: () => '',
    mistake: optional(address),
  },
  {
    name: 'watchers',
    isOfArea: true,
    asks: 'Which keys compute each batch themselves before it settles (addresses with commas between them; empty: nobody)?',
    advice:
      'Independent people who run "commonwatt watch"; more than half of them must sign. It can never be changed. Without watchers the contract checks every limit, and nobody but the server computes the trades beforehand.',
    standard: () => '',
    mistake: optional((answer) => {
      const keys = keysIn(answer)
      return keys.map(address).find((mistake) => mistake !== null) ?? (keys.length > 64 ? 'at most 64 of them' : null)
    }),
  },
  {
    name: 'databaseUrl',
    variable: 'DATABASE_URL',
    asks: 'Where is the database (PostgreSQL 15 or newer)?',
    standard: () => 'postgres://commonwatt@localhost/commonwatt',
    mistake: (answer) => (isDatabaseAddress(answer) ? null : 'write it like postgres://user:password@host/database'),
  },
  {
    name: 'rpcUrl',
    variable: 'RPC_URL',
    asks: 'Where is a node of the chain (JSON-RPC)?',
    advice: 'It is a secret where it holds a key; it stands in commonwatt.toml only.',
    standard: () => 'http://127.0.0.1:8545',
    mistake: url(/^https?:$/, 'https://node.example'),
  },
  {
    name: 'origin',
    variable: 'ORIGIN',
    asks: 'Under which address will people open the page (empty: on this machine only)?',
    advice: 'A proxy with TLS must stand in front of the server: see docs/operate.md for nginx and Caddy.',
    standard: () => '',
    mistake: optional(url(/^https?:$/, 'https://market.example')),
  },
  {
    name: 'port',
    variable: 'PORT',
    asks: 'On which port does the server listen?',
    standard: () => '8080',
    mistake: port,
  },
  {
    name: 'metricsPort',
    variable: 'METRICS_PORT',
    asks: 'On which port does Prometheus read the metrics?',
    standard: () => '9464',
    mistake: (answer, answers) => port(answer) ?? (answer === answers.port ? 'the server listens there' : null),
  },
]

/** Where a community's own database and chain lie; neither is the demo's. One party alone makes all blocks of such a chain. */
export function embeddedAnswers(): Answers {
  const password = randomBytes(24).toString('hex')
  return {
    databaseUrl: `postgres://commonwatt:${password}@127.0.0.1:15433/commonwatt`,
    rpcUrl: 'http://127.0.0.1:18546',
    confirmations: '1',
  }
}

/** What an area file that is there already answers. */
export interface GivenArea {
  name: string
  intervalSeconds: number
  batchSeconds: number
  graceSeconds: number
}

/** The answer to a question that an area file has answered. */
export function answerOfArea({ name }: FoundingQuestion, area: GivenArea): string {
  const said: Record<string, string> = {
    name: area.name,
    interval: formatDuration(area.intervalSeconds),
    batch: formatDuration(area.batchSeconds),
    grace: formatDuration(Math.ceil(area.graceSeconds)),
  }
  return said[name] ?? ''
}

/** Takes the defaults for what is not given. Throws `FoundingError` `FOUND_ANSWER` for an answer that cannot be taken. */
export function completeAnswers(given: Answers, area: GivenArea | null = null): Answers {
  const answers: Answers = {}
  for (const question of questions) {
    const { name } = question
    if (area !== null && question.isOfArea) answers[name] = answerOfArea(question, area)
    else answers[name] = checkedAnswer(question, given[name], answers)
  }
  return answers
}

/** The answer that was given, or the default. Throws `FoundingError` `FOUND_ANSWER` where it cannot be taken. */
export function checkedAnswer(question: FoundingQuestion, given: string | undefined, answers: Answers): string {
  const standard = question.standard(answers)
  if (question.applies !== undefined && !question.applies(answers)) return standard
  const answer = given ?? standard
  const mistake = mistakeIn(question, answer, answers)
  if (mistake === null) return answer
  throw new FoundingError('FOUND_ANSWER', `${flagOf(question)} ${answer}: ${mistake}`)
}

/** `withdrawalDelay` as an option: `--withdrawal-delay`. */
export function flagOf({ name }: FoundingQuestion): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Why an answer cannot be taken, null where it can. */
export function mistakeIn(question: FoundingQuestion, answer: string, answers: Answers): string | null {
  if (question.choices !== undefined && !question.choices.includes(answer)) {
    return `write one of ${question.choices.join(', ')}`
  }
  return question.mistake?.(answer, answers) ?? null
}

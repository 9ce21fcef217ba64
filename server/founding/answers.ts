/** What founding a community asks: each question with its flag, its default and, where the choice matters, advice. */
import { formatDuration, parseDuration } from '../configuration/duration.ts'

/** What was answered so far, by the questions' names. */
export type Answers = Record<string, string>

export interface FoundingQuestion {
  /** Also the flag, with dashes. */
  name: string
  asks: string
  /** Said where the answer matters and is hard to change. */
  advice?: string
  /** What `--yes` takes. */
  standard(answers: Answers): string
  choices?: readonly string[]
  /** What is wrong with an answer, null where nothing is. */
  mistake?(answer: string, answers: Answers): string | null
  /** Whether it is to be asked at all. */
  applies?(answers: Answers): boolean
}

const price = (answer: string) => (/^-?\d{1,6}(\.\d{1,4})?$/.test(answer) ? null : 'write a price per kWh like 0.30')
const length = (answer: string) => {
  try {
    return parseDuration(answer) > 0 ? null : 'it must be longer than nothing'
  } catch (error) {
    return (error as Error).message
  }
}
const port = (answer: string) => (/^\d{1,5}$/.test(answer) && Number(answer) <= 65_535 ? null : 'a port is 1 to 65535')
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

/** An outage of the server that costs nobody anything. */
const outageSeconds = 2 * 86_400 - 3_600

export const questions: readonly FoundingQuestion[] = [
  { name: 'name', asks: 'What is the community called?', standard: () => 'Neighbourhood' },
  { name: 'currency', asks: 'In which currency do people read prices?', standard: () => 'EUR' },
  { name: 'retailPrice', asks: 'What does a kWh from the supplier cost?', standard: () => '0.30', mistake: price },
  { name: 'feedInPrice', asks: 'What does the supplier pay for a kWh fed in?', standard: () => '0.08', mistake: price },
  {
    name: 'feeders',
    asks: 'Names of the feeders below the transformer, with commas (empty: one zone for all)',
    standard: () => '',
    mistake: optional((answer) => {
      const isFine = answer.split(',').every((feeder) => /^[A-Za-z0-9._-]{1,31}$/.test(feeder.trim()))
      return isFine ? null : 'a name is 1 to 31 letters, digits, dots, dashes or underscores'
    }),
  },
  {
    name: 'gridFee',
    asks: 'What does the grid take for a kWh that crosses from a feeder to the transformer?',
    standard: () => '0.01',
    mistake: price,
    applies: ({ feeders }) => feeders !== '',
  },
  {
    name: 'interval',
    asks: 'How long is an interval of the market?',
    advice: 'The length that the grid operator’s meters have: 15m nearly everywhere. It can never be changed.',
    standard: () => '15m',
    mistake: length,
  },
  {
    name: 'batch',
    asks: 'How often is the money settled?',
    advice: 'A day costs the operator about 15,000 gas for each home; longer is cheaper, and people wait longer.',
    standard: () => '1d',
    mistake: (answer, answers) =>
      length(answer) ??
      (parseDuration(answer) % parseDuration(answers.interval!) === 0 ? null : 'it must be whole intervals'),
  },
  {
    name: 'grace',
    asks: 'How long does an interval wait for late readings?',
    advice: 'Agents spread their readings over a minute or two; a home that was offline sends them later.',
    standard: ({ interval }) => formatDuration(Math.min(600, parseDuration(interval!))),
    mistake: length,
  },
  {
    name: 'settlingGrade',
    asks: 'Whose values settle: the homes’ own devices, or those of the metering operator?',
    advice:
      'device: results within minutes, from inverters and certified or uncertified meters. billing: the official values, a day later, where the law asks for them.',
    standard: () => 'device',
    choices: ['device', 'billing'],
  },
  {
    name: 'confirmation',
    asks: 'Whose meters must the grid operator confirm before they trade?',
    advice:
      'everybody: nobody invents a meter. With sellers or nobody, an invented buyer can take every roof’s energy at its floor price.',
    standard: () => 'everybody',
    choices: ['everybody', 'sellers', 'nobody'],
  },
  {
    name: 'withdrawalDelay',
    asks: 'How long does a withdrawal wait?',
    advice:
      'Longer than a batch, the grace and the longest outage of the server together, or batches fail. It can never be changed, and people wait that long for their money.',
    standard: ({ batch, grace }) =>
      formatDuration(Math.ceil((parseDuration(batch!) + parseDuration(grace!) + outageSeconds) / 3_600) * 3_600),
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
    name: 'grid',
    asks: 'Which address has the grid operator (empty: make a key here)?',
    advice:
      'This key opens the area, appoints the operator and confirms meters. Keep it apart from the server: whoever has both can invent homes.',
    standard: () => '',
    mistake: optional(address),
  },
  {
    name: 'watchers',
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
    asks: 'Where is the database (PostgreSQL 15 or newer)?',
    standard: () => 'postgres://commonwatt@localhost/commonwatt',
    mistake: url(/^postgres(ql)?:$/, 'postgres://user:password@host/database'),
  },
  {
    name: 'rpcUrl',
    asks: 'Where is a node of the chain (JSON-RPC)?',
    advice: 'It is a secret where it holds a key; it stands in commonwatt.toml only.',
    standard: () => 'http://127.0.0.1:8545',
    mistake: url(/^https?:$/, 'https://node.example'),
  },
  {
    name: 'origin',
    asks: 'Under which address will people open the page (empty: on this machine only)?',
    advice: 'A proxy with TLS must stand in front of the server: see docs/operate.md for nginx and Caddy.',
    standard: () => '',
    mistake: optional(url(/^https?:$/, 'https://market.example')),
  },
  { name: 'port', asks: 'On which port does the server listen?', standard: () => '8080', mistake: port },
  {
    name: 'metricsPort',
    asks: 'On which port does Prometheus read the metrics?',
    standard: () => '9464',
    mistake: port,
  },
]

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

/** The small parts that every view is made of. */
import { type ReactNode, useId } from 'react'
import { isPartMissing, loadPageAgain } from '../api/part.ts'
import { energyParts, exactMoney, moneyParts, signOf } from '../money/format.ts'
import { pageWords } from './words.ts'

interface CardProps {
  title: string
  /** What stands beside the title, such as a state or a switch. */
  aside?: ReactNode
  className?: string
  /** Whether the title is that of the whole page, since nothing stands above the card. */
  isPage?: boolean
  /** The name by which a link within the page leads here. */
  anchor?: string | undefined
  children: ReactNode
}

export function Card({ title, aside, className = '', isPage = false, anchor, children }: CardProps) {
  const id = useId()
  const Title = isPage ? 'h1' : 'h2'
  return (
    <section className={`card ${className}`} id={anchor} aria-labelledby={id}>
      <header className="card-head">
        <Title id={id}>{title}</Title>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** One number with its name below it. */
export function Figure({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <div className="figure">
      <div className="figure-value">{children}</div>
      <div className="figure-label">{label}</div>
    </div>
  )
}

/** Money shortened for reading; its tooltip has the exact amount. With `signed`, an amount above zero has a plus before it. */
export function Money({ tokens, currency, signed }: { tokens: string; currency: string; signed?: boolean }) {
  const { number, unit } = moneyParts(tokens, currency)
  return (
    <span className="quantity" title={exactMoney(tokens, currency)}>
      {signed && signOf(tokens) > 0 && '+'}
      {number} <span className="unit">{unit}</span>
    </span>
  )
}

export function Energy({ wh }: { wh: number }) {
  const { number, unit } = energyParts(wh)
  return (
    <span className="quantity">
      {number} <span className="unit">{unit}</span>
    </span>
  )
}

/** A state in one word; the tone also shows as a mark, not by colour alone. */
export function Badge({ tone, children }: { tone: 'good' | 'warn' | 'bad' | 'calm'; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>
}

/** A placeholder while something is being fetched. */
export function Waiting({ lines = 3 }: { lines?: number }) {
  return (
    <div className="waiting" role="status">
      <span className="visually-hidden">{pageWords().loading}</span>
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are alike.
        <span key={index} className="waiting-line" style={{ width: `${92 - index * 17}%` }} />
      ))}
    </div>
  )
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>
}

/** What went wrong, in the words of the error. Where a part of the page is missing, only the whole page can be tried again. */
export function Trouble({ error, retry }: { error: Error | null; retry?: () => void }) {
  if (!error) return null
  const said = pageWords()
  const isMissing = isPartMissing(error)
  const again = isMissing ? () => void loadPageAgain() : retry
  return (
    <div className="trouble" role="alert">
      <p>{error.message}</p>
      {again && (
        <button type="button" className="quiet" onClick={again}>
          {isMissing ? said.loadAgain : said.tryAgain}
        </button>
      )}
    </div>
  )
}

/** A transaction's hash in short; its tooltip has the whole hash. */
export function TransactionLink({ hash }: { hash: string }) {
  return (
    <code className="hash" title={hash}>
      {hash.slice(0, 6)}…{hash.slice(-4)}
    </code>
  )
}

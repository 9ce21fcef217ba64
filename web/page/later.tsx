/**
 * Parts of a page that are fetched when they are first shown. Each waits by itself, and the rest of the page stays when one
 * cannot be fetched.
 */
import { type ComponentType, lazy, Suspense } from 'react'
import { isPartMissing, part } from '../api/part.ts'
import { Boundary } from './boundary.tsx'
import { Card, Trouble } from './card.tsx'
import { pageWords } from './words.ts'

/**
 * A component that is fetched when it is first shown.
 *
 * @param load imports the module whose default export it is.
 * @param Space what stands in its place until then; nothing by default.
 */
export function later<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
  Space: ComponentType = () => null,
): ComponentType<Props> {
  const Part = awaited(load)
  return function Later(props: Props) {
    return (
      <Suspense fallback={<Space />}>
        <Part {...props} />
      </Suspense>
    )
  }
}

/**
 * A component at the top of a page, without which the page is not shown. Until it is there, the page keeps its own space for
 * it.
 */
export function awaited<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): ComponentType<Props> {
  const Part = lazy(() => part(load))
  return function Awaited(props: Props) {
    return (
      <Boundary instead={(error, again) => <Broken error={error} again={again} />}>
        <Part {...props} />
      </Boundary>
    )
  }
}

/** Stands in place of a part that broke while it was drawn, or that could not be fetched. */
export function Broken({ error, again }: { error: Error; again: () => void }) {
  if (isPartMissing(error)) return <Trouble error={error} />
  return (
    <Card title={pageWords().broken}>
      <Trouble error={error} retry={again} />
    </Card>
  )
}
